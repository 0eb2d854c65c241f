package io.github.consistencydecoder.cli.decode;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;
import java.util.zip.InflaterInputStream;

/** Reads a PNG's chunks as its specification describes them, checksums included. */
final class PngChunks {
  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

  private final List<String> types = new ArrayList<>();
  private final Map<String, String> text = new TreeMap<>();
  private final Map<String, String> internationalText = new TreeMap<>();

  private PngChunks() {}

  static PngChunks of(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
    byte[] signature = new byte[8];
    bytes.get(signature);
    if (!Arrays.equals(signature, SIGNATURE)) {
      throw new IOException("no PNG signature");
    }
    PngChunks chunks = new PngChunks();
    while (bytes.hasRemaining()) {
      int length = bytes.getInt();
      byte[] typeAndData = new byte[4 + length];
      bytes.get(typeAndData);
      CRC32 crc = new CRC32();
      crc.update(typeAndData);
      if ((int) crc.getValue() != bytes.getInt()) {
        throw new IOException("wrong checksum");
      }
      String type = new String(typeAndData, 0, 4, StandardCharsets.US_ASCII);
      chunks.add(type, Arrays.copyOfRange(typeAndData, 4, typeAndData.length));
    }
    return chunks;
  }

  private void add(String type, byte[] data) {
    types.add(type);
    if (type.equals("tEXt")) {
      int zero = zero(data, 0);
      text.put(
          new String(data, 0, zero, StandardCharsets.ISO_8859_1),
          new String(data, zero + 1, data.length - zero - 1, StandardCharsets.ISO_8859_1));
    } else if (type.equals("iTXt")) {
      int keyword = zero(data, 0);
      boolean compressed = data[keyword + 1] == 1;
      int language = zero(data, keyword + 3);
      int translated = zero(data, language + 1);
      byte[] value = Arrays.copyOfRange(data, translated + 1, data.length);
      internationalText.put(
          new String(data, 0, keyword, StandardCharsets.ISO_8859_1),
          new String(compressed ? inflate(value) : value, StandardCharsets.UTF_8));
    }
  }

  private static int zero(byte[] data, int from) {
    int i = from;
    while (data[i] != 0) {
      i++;
    }
    return i;
  }

  private static byte[] inflate(byte[] data) {
    try (InflaterInputStream in = new InflaterInputStream(new java.io.ByteArrayInputStream(data))) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  List<String> types() {
    return types;
  }

  Map<String, String> text() {
    return text;
  }

  Map<String, String> internationalText() {
    return internationalText;
  }
}
