package io.github.consistencydecoder.server.http.body;

import io.github.consistencydecoder.server.core.ServiceException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A {@code .npy} file. File = {@code \x93NUMPY}, version (1 to 3, minor 0), header length (u16 LE
 * in version 1, u32 LE after it), a Python dictionary of exactly {@code descr}, {@code
 * fortran_order} and {@code shape} padded with spaces and a line feed, then the elements.
 *
 * <p>Checked in this order: signature; version; header length at most {@value #LONGEST_HEADER} and
 * inside the file; the dictionary by a grammar, never evaluated; element type one of {@code <f2 <f4
 * <f8 |u1} (objects would be pickle); C order; at most {@value #MOST_DIMENSIONS} dimensions;
 * exactly as many bytes as the shape needs.
 */
final class NpyBody {
  private static final byte[] SIGNATURE = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int LONGEST_HEADER = 10_000;
  private static final int MOST_DIMENSIONS = 4;

  /** Keys in the order in which NumPy writes them. Possessive, so that it never runs long. */
  private static final Pattern DICTIONARY =
      Pattern.compile(
          "\\{ *+'descr' *+: *+'([<|>=][a-zA-Z]\\d{1,2}+)' *+, *+'fortran_order' *+: *+(True|False)"
              + " *+, *+'shape' *+: *+\\(([0-9, ]*+)\\) *+,? *+\\} *+\\n");

  private NpyBody() {}

  static boolean isOne(ByteBuffer file) {
    if (file.remaining() < SIGNATURE.length) {
      return false;
    }
    for (int i = 0; i < SIGNATURE.length; i++) {
      if (file.get(file.position() + i) != SIGNATURE[i]) {
        return false;
      }
    }
    return true;
  }

  static FileTensor parse(ByteBuffer file) throws ServiceException {
    ByteBuffer in = file.slice().order(ByteOrder.LITTLE_ENDIAN);
    if (!isOne(in)) {
      throw bad("it does not begin as an .npy file does");
    }
    if (in.remaining() < 10) {
      throw bad("it ends within its first 10 bytes");
    }
    in.position(SIGNATURE.length);
    int major = in.get() & 0xff;
    int minor = in.get() & 0xff;
    if (major < 1 || major > 3 || minor != 0) {
      throw bad("version " + major + "." + minor + " is not 1.0, 2.0 or 3.0");
    }
    if (major > 1 && in.remaining() < 4) {
      throw bad("it ends within its header");
    }
    long length = major == 1 ? in.getShort() & 0xffff : in.getInt() & 0xffff_ffffL;
    if (length > LONGEST_HEADER) {
      throw bad("a header of " + length + " bytes, at most " + LONGEST_HEADER + " are taken");
    }
    if (length > in.remaining()) {
      throw bad("it ends within its header");
    }
    byte[] header = new byte[(int) length];
    in.get(header);
    return tensor(new String(header, StandardCharsets.ISO_8859_1), in.slice());
  }

  private static FileTensor tensor(String header, ByteBuffer data) throws ServiceException {
    Matcher dictionary = DICTIONARY.matcher(header);
    if (!dictionary.matches()) {
      throw bad("its header is not a dictionary of descr, fortran_order and shape");
    }
    FileTensor.Element element =
        switch (dictionary.group(1)) {
          case "<f2" -> FileTensor.Element.FLOAT16;
          case "<f4" -> FileTensor.Element.FLOAT32;
          case "<f8" -> FileTensor.Element.FLOAT64;
          case "|u1" -> FileTensor.Element.UINT8;
          default ->
              throw bad(
                  "elements of type " + dictionary.group(1) + ", <f2, <f4, <f8 or |u1 are needed");
        };
    if (dictionary.group(2).equals("True")) {
      throw bad("it is in Fortran order, C order is needed: numpy.ascontiguousarray");
    }
    List<Long> shape = shape(dictionary.group(3));
    long needed = FileTensor.bytes(element, shape);
    if (needed != data.remaining()) {
      throw bad(
          "shape "
              + shape
              + " of "
              + dictionary.group(1)
              + " needs "
              + (needed < 0 ? "more bytes than a request can have" : needed + " bytes")
              + ", "
              + data.remaining()
              + " follow the header");
    }
    return new FileTensor(element, shape, data);
  }

  /** {@code 1, 4, 8, 8}, {@code 5,} or nothing. */
  private static List<Long> shape(String text) throws ServiceException {
    List<Long> shape = new ArrayList<>();
    String[] parts = text.split(",", -1);
    for (int i = 0; i < parts.length; i++) {
      String digits = parts[i].strip();
      if (digits.isEmpty() && i == parts.length - 1) {
        break;
      }
      if (!digits.matches("\\d{1,18}")) {
        throw bad("its shape cannot be read");
      }
      shape.add(Long.valueOf(digits));
    }
    if (shape.size() > MOST_DIMENSIONS) {
      throw bad(shape.size() + " dimensions, at most " + MOST_DIMENSIONS + " are taken");
    }
    return List.copyOf(shape);
  }

  private static ServiceException bad(String why) {
    return ServiceException.invalid("body", "not a usable .npy file: " + why);
  }
}
