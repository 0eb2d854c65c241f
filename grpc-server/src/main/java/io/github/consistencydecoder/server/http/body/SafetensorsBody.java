package io.github.consistencydecoder.server.http.body;

import io.github.consistencydecoder.server.core.ServiceException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/**
 * A safetensors file. File = u64 LE header length, that many bytes of UTF-8 JSON, then the tensors'
 * bytes, little endian, row-major, without gaps, to the end of the file.
 *
 * <p>Checked in this order: at least 8 bytes; header length at most {@value #LONGEST_HEADER} and
 * inside the file; first byte <code>{</code>; strict UTF-8; JSON of bounded depth without duplicate
 * keys; {@code __metadata__} from text to text; every other entry exactly {@code dtype}, {@code
 * shape} and {@code data_offsets}; at most {@value #MOST_TENSORS} of them; a known dtype;
 * dimensions that are whole and not negative; as many bytes as the shape needs; offsets that begin
 * at 0, touch, and end with the file.
 *
 * @param tensors by name, in the order of their bytes
 * @param metadata of the file
 */
record SafetensorsBody(Map<String, FileTensor> tensors, Map<String, String> metadata) {
  private static final int LONGEST_HEADER = 1 << 20;
  private static final int MOST_TENSORS = 1_000;
  private static final int MOST_DIMENSIONS = 8;
  private static final String METADATA = "__metadata__";

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(4)
                  .maxNameLength(1_000)
                  .maxStringLength(LONGEST_HEADER)
                  .maxNumberLength(20)
                  .build())
          .build();

  private record Entry(
      String name, FileTensor.Element element, List<Long> shape, long begin, long end) {}

  static SafetensorsBody parse(ByteBuffer file) throws ServiceException {
    ByteBuffer in = file.slice().order(ByteOrder.LITTLE_ENDIAN);
    if (in.remaining() < 8) {
      throw bad("it has " + in.remaining() + " bytes, at least 8 are needed");
    }
    long length = in.getLong();
    if (length < 2 || length > LONGEST_HEADER || length > in.remaining()) {
      throw bad(
          "a header of "
              + Long.toUnsignedString(length)
              + " bytes was announced; 2 to "
              + Math.min(LONGEST_HEADER, in.remaining())
              + " are possible here");
    }
    ByteBuffer header = in.slice(in.position(), (int) length);
    ByteBuffer data = in.slice(in.position() + (int) length, in.remaining() - (int) length);
    if (header.get(0) != '{') {
      throw bad("its header does not begin with {");
    }
    try {
      String json = StandardCharsets.UTF_8.newDecoder().decode(header).toString();
      return new Reader(data).read(json);
    } catch (CharacterCodingException e) {
      throw bad("its header is not UTF-8");
    } catch (JacksonException e) {
      throw bad("its header is not JSON, is nested too deeply or has a key twice");
    }
  }

  /** Reads one header. */
  private static final class Reader {
    private final ByteBuffer data;
    private final List<Entry> entries = new ArrayList<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    Reader(ByteBuffer data) {
      this.data = data;
    }

    SafetensorsBody read(String json) throws ServiceException {
      try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), json)) {
        expect(parser.nextToken(), JsonToken.START_OBJECT, "an object");
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
          String name = parser.currentName();
          expect(parser.nextToken(), JsonToken.START_OBJECT, "an object for every tensor");
          if (name.equals(METADATA)) {
            readMetadata(parser);
          } else {
            entries.add(entry(name, parser));
            if (entries.size() > MOST_TENSORS) {
              throw bad("it has more than " + MOST_TENSORS + " tensors");
            }
          }
        }
        if (parser.nextToken() != null) {
          throw bad("something follows its header's object");
        }
      }
      return new SafetensorsBody(placed(), metadata);
    }

    private void readMetadata(JsonParser parser) throws ServiceException {
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String key = parser.currentName();
        expect(parser.nextToken(), JsonToken.VALUE_STRING, "text as metadata");
        metadata.put(key, parser.getString());
      }
    }

    private static Entry entry(String name, JsonParser parser) throws ServiceException {
      FileTensor.Element element = null;
      List<Long> shape = null;
      List<Long> offsets = null;
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String key = parser.currentName();
        parser.nextToken();
        switch (key) {
          case "dtype" -> {
            expect(parser.currentToken(), JsonToken.VALUE_STRING, "text as dtype");
            element = element(parser.getString());
          }
          case "shape" -> shape = numbers(parser, MOST_DIMENSIONS);
          case "data_offsets" -> offsets = numbers(parser, 2);
          default -> throw bad("a tensor has more than dtype, shape and data_offsets");
        }
      }
      if (element == null || shape == null || offsets == null || offsets.size() != 2) {
        throw bad("a tensor lacks dtype, shape or two data_offsets");
      }
      return new Entry(name, element, shape, offsets.get(0), offsets.get(1));
    }

    private static List<Long> numbers(JsonParser parser, int most) throws ServiceException {
      expect(parser.currentToken(), JsonToken.START_ARRAY, "a list of numbers");
      List<Long> numbers = new ArrayList<>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        expect(parser.currentToken(), JsonToken.VALUE_NUMBER_INT, "whole numbers");
        String digits = parser.getString();
        if (!digits.matches("\\d{1,18}")) {
          throw bad("a number is negative or too large");
        }
        numbers.add(Long.valueOf(digits));
        if (numbers.size() > most) {
          throw bad("a list has more than " + most + " numbers");
        }
      }
      return List.copyOf(numbers);
    }

    private Map<String, FileTensor> placed() throws ServiceException {
      entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
      Map<String, FileTensor> placed = new LinkedHashMap<>();
      long at = 0;
      for (Entry entry : entries) {
        if (entry.begin() != at || entry.end() < at || entry.end() > data.remaining()) {
          throw bad("the tensors' bytes overlap, leave a gap or reach beyond its end");
        }
        if (FileTensor.bytes(entry.element(), entry.shape()) != entry.end() - entry.begin()) {
          throw bad(
              "shape "
                  + entry.shape()
                  + " does not fit the "
                  + (entry.end() - entry.begin())
                  + " bytes of its tensor");
        }
        placed.put(
            entry.name(),
            new FileTensor(
                entry.element(),
                entry.shape(),
                data.slice((int) entry.begin(), (int) (entry.end() - entry.begin()))));
        at = entry.end();
      }
      if (at != data.remaining()) {
        throw bad("its tensors have " + at + " bytes, " + data.remaining() + " follow the header");
      }
      return placed;
    }

    private static void expect(JsonToken found, JsonToken needed, String what)
        throws ServiceException {
      if (found != needed) {
        throw bad("its header needs " + what);
      }
    }
  }

  private static FileTensor.Element element(String dtype) throws ServiceException {
    return switch (dtype) {
      case "F16" -> FileTensor.Element.FLOAT16;
      case "BF16" -> FileTensor.Element.BFLOAT16;
      case "F32" -> FileTensor.Element.FLOAT32;
      case "F64" -> FileTensor.Element.FLOAT64;
      case "U8" -> FileTensor.Element.UINT8;
      case "BOOL", "I8", "F8_E5M2", "F8_E4M3" -> FileTensor.Element.OTHER_1;
      case "I16", "U16" -> FileTensor.Element.OTHER_2;
      case "I32", "U32" -> FileTensor.Element.OTHER_4;
      case "I64", "U64" -> FileTensor.Element.OTHER_8;
      default -> throw bad("a tensor has a dtype that is not known");
    };
  }

  static ServiceException bad(String why) {
    return ServiceException.invalid("body", "not a usable safetensors file: " + why);
  }
}
