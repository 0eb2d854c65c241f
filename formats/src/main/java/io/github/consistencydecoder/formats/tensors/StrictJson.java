package io.github.consistencydecoder.formats.tensors;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.formats.io.ByteSource;
import io.github.consistencydecoder.formats.io.FormatException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;

/**
 * JSON from an untrusted file, token by token: strict UTF-8 without control characters or a byte
 * order mark, one object and nothing after it but white space, bounded depth and strings, no
 * duplicate key at any level. Everything wrong is a {@link FormatException} with the byte offset.
 *
 * <p>For use by one thread. Holds no file open.
 */
public final class StrictJson implements AutoCloseable {
  /** Longer than any 64-bit number, shorter than anything that costs time to convert. */
  private static final int MAX_NUMBER_CHARS = 40;

  private final Path file;
  private final byte[] text;
  private final int from;
  private final int to;
  private final long offsetOfText;
  private final JsonParser parser;

  private StrictJson(
      Path file, byte[] text, int from, int to, long offsetOfText, CheckpointLimits limits)
      throws FormatException {
    this.file = requireNonNull(file, "file");
    this.text = text;
    this.from = from;
    this.to = to;
    this.offsetOfText = offsetOfText;
    requireUtf8();
    JsonFactory factory =
        JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            // Names of hostile files have no business in tables that outlive the parse.
            .disable(TokenStreamFactory.Feature.INTERN_PROPERTY_NAMES)
            .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
            .streamReadConstraints(
                StreamReadConstraints.builder()
                    .maxNestingDepth(limits.maxJsonDepth())
                    .maxNumberLength(MAX_NUMBER_CHARS)
                    .maxStringLength(limits.maxStringChars())
                    .maxNameLength(limits.maxNameChars())
                    .build())
            .build();
    parser =
        factory.createParser(
            ObjectReadContext.empty(),
            new InputStreamReader(
                new ByteArrayInputStream(text, from, to - from), StandardCharsets.UTF_8));
  }

  /**
   * Reads part of an array, which is not copied and must not change meanwhile.
   *
   * @param file for messages
   * @param offsetOfText where {@code text[from]} lies in the file, bytes
   */
  public static StrictJson of(
      Path file, byte[] text, int from, int to, long offsetOfText, CheckpointLimits limits)
      throws FormatException {
    return new StrictJson(file, text, from, to, offsetOfText, limits);
  }

  /**
   * Reads a whole file of at most {@link CheckpointLimits#maxJsonBytes()}.
   *
   * @throws FormatException if it is longer or not UTF-8
   */
  public static StrictJson read(Path file, CheckpointLimits limits) throws IOException {
    Path real = requireNonNull(file, "file").toRealPath();
    try (ByteSource source = ByteSource.open(file, real)) {
      long size = source.size();
      if (size > limits.maxJsonBytes()) {
        throw new FormatException(
            file,
            "",
            -1,
            "a JSON file of " + size + " bytes, at most " + limits.maxJsonBytes() + " are read");
      }
      ByteBuffer bytes = ByteBuffer.allocate((int) size);
      source.read(0, bytes);
      return new StrictJson(file, bytes.array(), 0, bytes.position(), 0, limits);
    }
  }

  /** Moves to the next token; null at the end of the text. */
  public JsonToken next() throws FormatException {
    try {
      return parser.nextToken();
    } catch (JacksonException e) {
      throw wrong(e);
    }
  }

  /** The token moved to last, or null. */
  public JsonToken current() {
    return parser.currentToken();
  }

  /** Text of the current string, name or number. */
  public String string() throws FormatException {
    try {
      return parser.getString();
    } catch (JacksonException e) {
      throw wrong(e);
    }
  }

  /** Moves to the next token, which must open an object. */
  public void beginObject(String what) throws FormatException {
    if (next() != JsonToken.START_OBJECT) {
      throw wrong("", what + " is " + found() + ", needs an object");
    }
  }

  /** The current number, which must be whole, not negative, and below 2^63. */
  public long wholeNumber(String tensor, String what) throws FormatException {
    JsonToken token = current();
    if (token != JsonToken.VALUE_NUMBER_INT || string().startsWith("-")) {
      throw wrong(tensor, what + " is " + found() + ", needs a whole number of at least 0");
    }
    try {
      return parser.getLongValue();
    } catch (JacksonException e) {
      throw wrong(tensor, what + " is " + string() + ", needs a number below 2^63");
    }
  }

  /** The current number as a double, which must be finite. */
  public double number(String what) throws FormatException {
    JsonToken token = current();
    if (token != JsonToken.VALUE_NUMBER_INT && token != JsonToken.VALUE_NUMBER_FLOAT) {
      throw wrong("", what + " is " + found() + ", needs a number");
    }
    double value = Double.parseDouble(string());
    if (!Double.isFinite(value)) {
      throw wrong("", what + " is " + string() + ", needs a finite number");
    }
    return value;
  }

  /** Reads over the current value, with all that is in it. */
  public void skip() throws FormatException {
    try {
      parser.skipChildren();
      if (!parser.hasCurrentToken()) {
        throw wrong("", "the text ends inside a value");
      }
    } catch (JacksonException e) {
      throw wrong(e);
    }
  }

  /** Requires that nothing follows the outermost value. */
  public void end(String what) throws FormatException {
    if (next() != null) {
      throw wrong("", "more follows the end of " + what);
    }
  }

  /** What the current token is, in words for a message. */
  public String found() throws FormatException {
    JsonToken token = current();
    if (token == null) {
      return "nothing";
    }
    return switch (token) {
      case START_OBJECT -> "an object";
      case START_ARRAY -> "an array";
      case VALUE_STRING -> "the string '" + shortened(string()) + "'";
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> shortened(string());
      case VALUE_TRUE, VALUE_FALSE, VALUE_NULL -> string();
      default -> "'" + shortened(string()) + "'";
    };
  }

  /** An exception for the current place. */
  public FormatException wrong(String tensor, String reason) {
    return new FormatException(
        file,
        tensor,
        byteOffset(Math.max(0, parser.currentTokenLocation().getCharOffset())),
        reason);
  }

  @Override
  public void close() {
    parser.close();
  }

  /** At most 80 characters of something foreign, without control characters. */
  public static String shortened(String foreign) {
    String cut = foreign.length() <= 80 ? foreign : foreign.substring(0, 77) + "...";
    StringBuilder clean = new StringBuilder(cut.length());
    cut.codePoints()
        .forEach(c -> clean.appendCodePoint(Character.isISOControl(c) || c == 0xfffd ? '?' : c));
    return clean.toString();
  }

  private FormatException wrong(JacksonException e) {
    String said = String.valueOf(e.getOriginalMessage());
    long place = e.getLocation() == null ? -1 : e.getLocation().getCharOffset();
    if (place < 0) {
      place = parser.currentLocation().getCharOffset();
    }
    String reason;
    if (said.startsWith("Duplicate Object property")) {
      reason = "duplicate key " + said.substring(said.indexOf('"'));
    } else if (said.contains("nesting depth")) {
      reason = "nested deeper than " + parser.streamReadConstraints().getMaxNestingDepth();
    } else {
      reason = "not valid JSON: " + said;
    }
    return new FormatException(file, "", byteOffset(place), shortened(reason, 300));
  }

  private static String shortened(String text, int chars) {
    String line = text.replaceAll("\\p{Cntrl}+", " ");
    return line.length() <= chars ? line : line.substring(0, chars - 3) + "...";
  }

  /** Bytes before the given UTF-16 unit; the text is known to be UTF-8. */
  private long byteOffset(long chars) {
    if (chars < 0) {
      return -1;
    }
    long left = chars;
    int i = from;
    while (left > 0 && i < to) {
      int lead = text[i] & 0xff;
      int length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
      left -= length == 4 ? 2 : 1;
      i += length;
    }
    return offsetOfText + Math.min(i, to) - from;
  }

  private void requireUtf8() throws FormatException {
    ByteBuffer in = ByteBuffer.wrap(text, from, to - from);
    CharBuffer out = CharBuffer.allocate(4096);
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    CoderResult result;
    do {
      out.clear();
      result = decoder.decode(in, out, true);
      if (result.isError()) {
        throw new FormatException(file, "", offsetOfText + in.position() - from, "not UTF-8");
      }
    } while (result.isOverflow());
    for (int i = from; i < to; i++) {
      byte b = text[i];
      if (b >= 0 && b < 0x20 && b != '\t' && b != '\n' && b != '\r') {
        throw new FormatException(
            file, "", offsetOfText + i - from, "control character " + b + " in JSON");
      }
    }
  }
}
