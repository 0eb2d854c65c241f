package io.github.consistencydecoder.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/** Writes tensor files by hand, so that what reads them is not checked against itself. */
final class TestTensors {
  private TestTensors() {}

  /** Values like those of scaled latents. */
  static float[] scaledLatents(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (random.nextGaussian() * 0.9);
    }
    return values;
  }

  /** The same in a VAE's unit. */
  static float[] unscaled(float[] scaled) {
    float[] out = new float[scaled.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = scaled[i] / 0.18215f;
    }
    return out;
  }

  static byte[] littleEndian(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }

  static Path npy(Path file, float[] values, int... shape) throws IOException {
    String dimensions = Arrays.toString(shape).replace("[", "(").replace("]", ",)");
    StringBuilder header =
        new StringBuilder("{'descr': '<f4', 'fortran_order': False, 'shape': ")
            .append(dimensions)
            .append(", }");
    while ((10 + header.length() + 1) % 64 != 0) {
      header.append(' ');
    }
    header.append('\n');
    ByteBuffer bytes =
        ByteBuffer.allocate(10 + header.length() + 4 * values.length)
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII));
    bytes.put((byte) 1).put((byte) 0).putShort((short) header.length());
    bytes.put(header.toString().getBytes(StandardCharsets.US_ASCII)).put(littleEndian(values));
    return Files.write(file, bytes.array());
  }

  /**
   * @param json the header
   * @param data what follows it
   */
  static Path safetensors(Path file, String json, byte[] data) throws IOException {
    byte[] header = json.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + header.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
    return Files.write(file, bytes.putLong(header.length).put(header).put(data).array());
  }

  /** The header's entry of a float32 tensor. */
  static String entry(String name, long begin, long... shape) {
    long bytes = 4 * Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    return "\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
        .formatted(name, Arrays.toString(shape), begin, begin + bytes);
  }
}
