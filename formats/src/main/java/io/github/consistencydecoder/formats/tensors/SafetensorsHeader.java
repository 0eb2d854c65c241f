package io.github.consistencydecoder.formats.tensors;

import io.github.consistencydecoder.formats.io.ByteSource;
import io.github.consistencydecoder.formats.io.FormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JsonToken;

/**
 * The header of a safetensors file.
 *
 * <p>File = 8 bytes n, unsigned little-endian; n bytes of UTF-8 JSON, an object that starts at once
 * and may be followed by spaces; then the data, row-major, little-endian. The object maps each
 * tensor name to {@code {"dtype", "shape", "data_offsets": [begin, end]}}, offsets counted from the
 * start of the data, and {@code __metadata__}, if present, strings to strings.
 *
 * <p>Checked in this order; 1 and 2 by {@link #length}, the rest by {@link #parse}:
 *
 * <ol>
 *   <li>8 bytes are there; n is at least 2 and at most the limit
 *   <li>the header ends inside the file
 *   <li>the first byte is an opening brace, the last one that is no space a closing one
 *   <li>strict UTF-8, no control characters
 *   <li>JSON of bounded depth, no duplicate key at any level, nothing after the object
 *   <li>{@code __metadata__} maps strings to strings
 *   <li>each tensor has exactly dtype, shape and data_offsets, once each
 *   <li>dtype known, rank within the limit, every number whole and not negative
 *   <li>product of the shape times element size, without overflow, equals end - begin
 *   <li>sorted by offset, the tensors start at 0, touch, and end exactly at the end of the file
 * </ol>
 *
 * <p>Names may come in any order; tensors of no elements are legal. Bytes in, records out: nothing
 * here opens a file.
 */
public final class SafetensorsHeader {
  /** Bytes before the JSON text. */
  static final int PREFIX_BYTES = 8;

  private static final String METADATA = "__metadata__";

  private final Path file;
  private final Path real;
  private final StrictJson json;
  private final CheckpointLimits limits;
  private final long dataStart;
  private final long fileBytes;
  private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();

  private SafetensorsHeader(
      Path file,
      Path real,
      StrictJson json,
      long dataStart,
      long fileBytes,
      CheckpointLimits limits) {
    this.file = file;
    this.real = real;
    this.json = json;
    this.dataStart = dataStart;
    this.fileBytes = fileBytes;
    this.limits = limits;
  }

  /** Tensors in the header's order and the file's remarks. */
  public record Contents(Map<String, TensorInfo> tensors, Map<String, String> metadata) {}

  /**
   * Reads the header of a whole file.
   *
   * @param file the name for messages
   * @param real the name for the tensors found
   */
  public static Contents read(Path file, Path real, ByteSource bytes, CheckpointLimits limits)
      throws IOException {
    long fileBytes = bytes.size();
    ByteBuffer prefix = ByteBuffer.allocate(PREFIX_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.read(0, prefix.limit((int) Math.min(PREFIX_BYTES, fileBytes)));
    byte[] header = new byte[length(file, prefix.clear().getLong(0), fileBytes, limits)];
    bytes.read(PREFIX_BYTES, ByteBuffer.wrap(header));
    return parse(file, real, header, fileBytes, limits);
  }

  /**
   * Checks the length prefix.
   *
   * @param prefix the file's first 8 bytes as a little-endian number; ignored if the file is
   *     shorter
   * @return length of the JSON text, bytes
   */
  static int length(Path file, long prefix, long fileBytes, CheckpointLimits limits)
      throws FormatException {
    if (fileBytes < PREFIX_BYTES) {
      throw new FormatException(
          file,
          "",
          0,
          "the file has " + fileBytes + " bytes, a safetensors file needs at least 10");
    }
    if (prefix < 0 || prefix > limits.maxHeaderBytes()) {
      throw new FormatException(
          file,
          "",
          0,
          "a header of %s bytes declared, at most %s are read"
              .formatted(Long.toUnsignedString(prefix), limits.maxHeaderBytes()));
    }
    if (prefix < 2) {
      throw new FormatException(
          file, "", 0, "a header of " + prefix + " bytes declared, the shortest has 2");
    }
    if (prefix > fileBytes - PREFIX_BYTES) {
      throw new FormatException(
          file,
          "",
          0,
          ("a header of %s bytes declared, but the file ends %s bytes after"
                  + " the prefix; it may have been cut short")
              .formatted(prefix, fileBytes - PREFIX_BYTES));
    }
    return (int) prefix;
  }

  /**
   * Reads the JSON text.
   *
   * @param file the name for messages
   * @param real the name for the tensors found
   * @param header the text, without the 8 bytes before it; not changed
   */
  static Contents parse(
      Path file, Path real, byte[] header, long fileBytes, CheckpointLimits limits)
      throws FormatException {
    if (header[0] != '{') {
      throw new FormatException(
          file, "", PREFIX_BYTES, "the header starts with byte " + header[0] + ", needs '{'");
    }
    int end = header.length;
    while (header[end - 1] == ' ') {
      end--;
    }
    if (header[end - 1] != '}') {
      throw new FormatException(
          file,
          "",
          PREFIX_BYTES + end - 1L,
          "the header ends with byte " + header[end - 1] + ", needs '}' and then only spaces");
    }
    long dataStart = PREFIX_BYTES + (long) header.length;
    try (StrictJson json = StrictJson.of(file, header, 0, end, PREFIX_BYTES, limits)) {
      return new SafetensorsHeader(file, real, json, dataStart, fileBytes, limits).read();
    }
  }

  private Contents read() throws FormatException {
    json.beginObject("the header");
    while (json.next() == JsonToken.PROPERTY_NAME) {
      String name = json.string();
      if (name.equals(METADATA)) {
        readMetadata();
      } else {
        TensorInfo tensor = readTensor(name);
        if (tensors.size() == limits.maxTensors()) {
          throw json.wrong(name, "more than " + limits.maxTensors() + " tensors");
        }
        tensors.put(name, tensor);
      }
    }
    json.end("the header");
    requireContiguous();
    return new Contents(tensors, metadata);
  }

  private void readMetadata() throws FormatException {
    json.beginObject(METADATA);
    while (json.next() == JsonToken.PROPERTY_NAME) {
      String key = json.string();
      if (json.next() != JsonToken.VALUE_STRING) {
        throw json.wrong(
            "",
            "%s maps '%s' to %s, needs a string"
                .formatted(METADATA, StrictJson.shortened(key), json.found()));
      }
      if (metadata.size() == limits.maxMetadataEntries()) {
        throw json.wrong(
            "", METADATA + " has more than " + limits.maxMetadataEntries() + " entries");
      }
      metadata.put(key, json.string());
    }
  }

  private TensorInfo readTensor(String rawName) throws FormatException {
    String name = StrictJson.shortened(rawName);
    if (rawName.isEmpty()) {
      throw json.wrong("", "a tensor without a name");
    }
    if (json.next() != JsonToken.START_OBJECT) {
      throw json.wrong(name, "the value is " + json.found() + ", needs an object");
    }
    DType dtype = null;
    List<Long> shape = null;
    List<Long> offsets = null;
    while (json.next() == JsonToken.PROPERTY_NAME) {
      String key = json.string();
      switch (key) {
        case "dtype" -> dtype = readDtype(name);
        case "shape" -> shape = readNumbers(name, "shape", limits.maxRank());
        case "data_offsets" -> offsets = readNumbers(name, "data_offsets", 2);
        default ->
            throw json.wrong(
                name,
                "unknown key '"
                    + StrictJson.shortened(key)
                    + "', a tensor has dtype, shape and data_offsets");
      }
    }
    if (dtype == null || shape == null || offsets == null) {
      String missing = dtype == null ? "dtype" : shape == null ? "shape" : "data_offsets";
      throw json.wrong(name, missing + " is missing");
    }
    if (offsets.size() != 2) {
      throw json.wrong(name, "data_offsets has " + offsets.size() + " numbers, needs 2");
    }
    return checked(rawName, dtype, shape, offsets.get(0), offsets.get(1));
  }

  private TensorInfo checked(String rawName, DType dtype, List<Long> shape, long begin, long end)
      throws FormatException {
    String name = StrictJson.shortened(rawName);
    long needed = TensorShapes.bytes(shape, dtype);
    if (needed < 0) {
      throw json.wrong(name, "shape " + shape + " of " + dtype + " overflows 63 bits");
    }
    if (end < begin) {
      throw json.wrong(name, "data_offsets end at " + end + " before they begin at " + begin);
    }
    if (end - begin != needed) {
      throw new FormatException(
          file,
          name,
          begin > fileBytes ? -1 : dataStart + begin,
          (end - begin) + " bytes declared, shape " + shape + " of " + dtype + " needs " + needed);
    }
    if (end > fileBytes - dataStart) {
      throw new FormatException(
          file,
          name,
          fileBytes,
          ("data_offsets end at %s, the data area has %s bytes; the file may"
                  + " have been cut short")
              .formatted(end, fileBytes - dataStart));
    }
    return new TensorInfo(
        rawName, dtype, shape, TensorShapes.rowMajor(shape), real, dataStart + begin, needed);
  }

  private DType readDtype(String tensor) throws FormatException {
    if (json.next() != JsonToken.VALUE_STRING) {
      throw json.wrong(tensor, "dtype is " + json.found() + ", needs a string");
    }
    String spelled = json.string();
    for (DType dtype : DType.values()) {
      if (dtype.name().equals(spelled)) {
        return dtype;
      }
    }
    throw json.wrong(
        tensor,
        "dtype '%s' is not supported, convert to one of %s"
            .formatted(StrictJson.shortened(spelled), List.of(DType.values())));
  }

  private List<Long> readNumbers(String tensor, String what, int limit) throws FormatException {
    if (json.next() != JsonToken.START_ARRAY) {
      throw json.wrong(tensor, what + " is " + json.found() + ", needs an array");
    }
    List<Long> numbers = new ArrayList<>(4);
    while (json.next() != JsonToken.END_ARRAY) {
      if (numbers.size() == limit) {
        throw json.wrong(tensor, what + " has more than " + limit + " numbers");
      }
      numbers.add(json.wholeNumber(tensor, what));
    }
    return numbers;
  }

  private void requireContiguous() throws FormatException {
    List<TensorInfo> sorted = new ArrayList<>(tensors.values());
    // A tensor of no bytes comes before the one that starts at the same place.
    sorted.sort(
        Comparator.comparingLong(TensorInfo::offset).thenComparingLong(TensorInfo::byteLength));
    long expected = dataStart;
    for (TensorInfo t : sorted) {
      if (t.offset() != expected) {
        String name = StrictJson.shortened(t.name());
        long distance = Math.abs(t.offset() - expected);
        throw new FormatException(
            file,
            name,
            t.offset(),
            t.offset() > expected
                ? "a hole of " + distance + " bytes before it, tensors must touch"
                : "it overlaps the tensor before it by " + distance + " bytes");
      }
      expected = t.offset() + t.byteLength();
    }
    if (expected != fileBytes) {
      throw new FormatException(
          file,
          "",
          expected,
          (fileBytes - expected) + " bytes follow the last tensor, the file must end with it");
    }
  }
}
