package io.github.consistencydecoder.formats.tensors;

import io.github.consistencydecoder.formats.io.FormatException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The header text of an {@code .npy} file: a dictionary as Python writes it, parsed by this grammar
 * and never evaluated.
 *
 * <pre>
 * header = "{" entry { "," entry } [ "," ] "}" { space } newline
 * entry  = "descr" ":" string | "fortran_order" ":" ( "True" | "False" ) | "shape" ":" tuple
 * tuple  = "(" [ number { "," number } [ "," ] ] ")"        one number needs the comma
 * </pre>
 *
 * Each entry once, in any order; strings and keys in single or double quotes, without escapes;
 * spaces between tokens.
 *
 * @param dtype element type
 * @param shape dimensions, at most 5
 */
record NpyHeader(DType dtype, List<Long> shape) {
  static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};

  private static final int MAX_RANK = 5;

  /**
   * Parses the text.
   *
   * @param offset where the text lies in the file, for messages
   */
  static NpyHeader parse(Path file, byte[] text, int offset) throws FormatException {
    return new Parser(file, text, offset).header();
  }

  /** The dictionary for float32 values, as NumPy writes it, without padding. */
  static String text(List<Long> shape) {
    String dims = shape.stream().map(String::valueOf).collect(Collectors.joining(", "));
    return "{'descr': '<f4', 'fortran_order': False, 'shape': ("
        + dims
        + (shape.size() == 1 ? ",)" : ")")
        + ", }";
  }

  private static final class Parser {
    private final Path file;
    private final String text;
    private final int offset;
    private int at;

    Parser(Path file, byte[] text, int offset) {
      this.file = file;
      // One byte a char: whatever is not ASCII can only be wrong.
      this.text = new String(text, StandardCharsets.ISO_8859_1);
      this.offset = offset;
    }

    NpyHeader header() throws FormatException {
      String descr = null;
      String order = null;
      List<Long> shape = null;
      expect('{');
      while (!accept('}')) {
        int start = at;
        String key = string();
        expect(':');
        boolean again =
            switch (key) {
              case "descr" -> {
                boolean given = descr != null;
                descr = descr();
                yield given;
              }
              case "fortran_order" -> {
                boolean given = order != null;
                order = word();
                yield given;
              }
              case "shape" -> {
                boolean given = shape != null;
                shape = tuple();
                yield given;
              }
              default -> throw wrong(start, "unknown key '" + StrictJson.shortened(key) + "'");
            };
        if (again) {
          throw wrong(start, "duplicate key '" + key + "'");
        }
        if (!accept(',')) {
          expect('}');
          break;
        }
      }
      requirePadding();
      return checked(descr, order, shape);
    }

    private NpyHeader checked(String descr, String order, List<Long> shape) throws FormatException {
      if (descr == null || order == null || shape == null) {
        String missing = descr == null ? "descr" : order == null ? "fortran_order" : "shape";
        throw wrong(0, "the header has no '" + missing + "'");
      }
      if (order.equals("True")) {
        throw wrong(0, "Fortran order, save numpy.ascontiguousarray of it");
      }
      if (!order.equals("False")) {
        throw wrong(0, "fortran_order is " + StrictJson.shortened(order) + ", needs True or False");
      }
      return new NpyHeader(dtype(descr), shape);
    }

    private DType dtype(String descr) throws FormatException {
      String found = StrictJson.shortened(descr);
      if (descr.contains("O")) {
        throw wrong(0, "elements '" + found + "' are Python objects, these are pickles");
      }
      if (descr.startsWith(">")) {
        throw wrong(0, "elements '" + found + "' are big-endian, needs '<'");
      }
      return switch (descr) {
        case "<f2" -> DType.F16;
        case "<f4" -> DType.F32;
        case "<f8" -> DType.F64;
        case "|u1" -> DType.U8;
        case "<i8" -> DType.I64;
        case "<i4" -> DType.I32;
        case "<i2" -> DType.I16;
        case "|i1" -> DType.I8;
        case "|b1" -> DType.BOOL;
        default ->
            throw wrong(0, "elements '" + found + "', needs one of '<f2', '<f4', '<f8', '|u1'");
      };
    }

    private String descr() throws FormatException {
      skipSpaces();
      if (at < text.length() && text.charAt(at) == '[') {
        throw wrong(at, "a structured element type, needs one of '<f2', '<f4', '<f8', '|u1'");
      }
      return string();
    }

    private List<Long> tuple() throws FormatException {
      expect('(');
      List<Long> numbers = new ArrayList<>(MAX_RANK);
      boolean comma = true;
      while (!accept(')')) {
        if (!comma) {
          throw wrong(at, "'shape' needs ',' or ')' here");
        }
        if (numbers.size() == MAX_RANK) {
          throw wrong(at, "more than " + MAX_RANK + " dimensions");
        }
        numbers.add(number());
        comma = accept(',');
      }
      if (numbers.size() == 1 && !comma) {
        throw wrong(at, "'shape' is a number in brackets, needs a comma to be a tuple");
      }
      return numbers;
    }

    private long number() throws FormatException {
      skipSpaces();
      int start = at;
      while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
        at++;
      }
      if (start == at) {
        throw wrong(at, "'shape' needs whole numbers of at least 0");
      }
      if (at - start > 18) {
        throw wrong(start, "'shape' has a dimension of " + (at - start) + " digits");
      }
      return Long.parseLong(text.substring(start, at));
    }

    private String string() throws FormatException {
      skipSpaces();
      char quote = at < text.length() ? text.charAt(at) : 0;
      int end = quote == '\'' || quote == '"' ? text.indexOf(quote, at + 1) : -1;
      if (end < 0) {
        throw wrong(at, "needs a string in quotes here");
      }
      String string = text.substring(at + 1, end);
      if (string.indexOf('\\') >= 0) {
        throw wrong(at, "a string with a backslash");
      }
      at = end + 1;
      return string;
    }

    private String word() {
      skipSpaces();
      int start = at;
      while (at < text.length() && Character.isLetterOrDigit(text.charAt(at))) {
        at++;
      }
      return text.substring(start, at);
    }

    private void requirePadding() throws FormatException {
      skipSpaces();
      if (at != text.length() - 1 || text.charAt(at) != '\n') {
        throw wrong(at, "the header needs only spaces and a newline after '}'");
      }
    }

    private boolean accept(char wanted) {
      skipSpaces();
      if (at < text.length() && text.charAt(at) == wanted) {
        at++;
        return true;
      }
      return false;
    }

    private void expect(char wanted) throws FormatException {
      if (!accept(wanted)) {
        throw wrong(at, "the header needs '" + wanted + "' here");
      }
    }

    private void skipSpaces() {
      while (at < text.length() && text.charAt(at) == ' ') {
        at++;
      }
    }

    private FormatException wrong(int place, String reason) {
      return new FormatException(file, "", offset + (long) place, reason);
    }
  }
}
