package io.github.consistencydecoder.testing;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Builds safetensors files byte by byte, right ones and wrong ones. */
public final class SafetensorsFile {
  private final StringBuilder entries = new StringBuilder();
  private byte[] header;
  private long dataBytes;
  private Long declaredLength;
  private int truncated;

  public static SafetensorsFile safetensors() {
    return new SafetensorsFile();
  }

  /** Appends an entry as it stands, for example {@code "w":{...}}. */
  public SafetensorsFile entry(String json) {
    entries.append(entries.isEmpty() ? "" : ",").append(json);
    return this;
  }

  /** Appends an entry for a tensor; data are as long as set by {@link #data}. */
  public SafetensorsFile tensor(String name, String dtype, String shape, long begin, long end) {
    return entry(
        "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
            .formatted(name, dtype, shape, begin, end));
  }

  /** The whole header instead of entries. */
  public SafetensorsFile header(String json) {
    return header(json.getBytes(StandardCharsets.UTF_8));
  }

  public SafetensorsFile header(byte[] json) {
    header = json.clone();
    return this;
  }

  /** Length of the data area; its bytes count up from 0. */
  public SafetensorsFile data(long bytes) {
    dataBytes = bytes;
    return this;
  }

  /** What the first 8 bytes say instead of the truth. */
  public SafetensorsFile declareLength(long bytes) {
    declaredLength = bytes;
    return this;
  }

  public SafetensorsFile truncateBy(int bytes) {
    truncated = bytes;
    return this;
  }

  /** Where the data start. */
  public long dataStart() {
    return 8L + headerBytes().length;
  }

  public byte[] bytes() {
    byte[] text = headerBytes();
    ByteBuffer all =
        ByteBuffer.allocate(8 + text.length + (int) dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    all.putLong(declaredLength == null ? text.length : declaredLength).put(text);
    for (int i = 0; i < dataBytes; i++) {
      all.put((byte) i);
    }
    return java.util.Arrays.copyOf(all.array(), all.capacity() - truncated);
  }

  public Path writeTo(Path file) throws IOException {
    return Files.write(file, bytes());
  }

  private byte[] headerBytes() {
    return header != null ? header : ("{" + entries + "}").getBytes(StandardCharsets.UTF_8);
  }
}
