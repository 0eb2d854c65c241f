package io.github.consistencydecoder.models.network;

import io.github.consistencydecoder.formats.tensors.DType;
import io.github.consistencydecoder.formats.tensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;

/**
 * Deterministic weights and inputs for checking an implementation without any checkpoint: each
 * value is a hash of the tensor's name and the element's index (the murmur3 finaliser over an index
 * shifted by the name's CRC-32), all arithmetic in float32.
 */
public final class SyntheticWeights {
  private static final String PREFIX = "decoder_unet.";

  private SyntheticWeights() {}

  /** The reduced network that the stored conformance values were computed for. */
  public static ConsistencyNetwork reducedNetwork() {
    return new ConsistencyNetwork(List.of(32, 64, 96, 96), 3, 32, 1e-5f, 128, 1024, 6);
  }

  /** OpenAI's network. */
  public static ConsistencyNetwork publishedNetwork() {
    return new ConsistencyNetwork(List.of(320, 640, 1024, 1024), 3, 32, 1e-5f, 1280, 1024, 6);
  }

  /** Values in {@code [-0.5, 0.5)}, a function of the name and the index. */
  static float[] hash(String name, int n) {
    CRC32 crc = new CRC32();
    crc.update(name.getBytes(StandardCharsets.US_ASCII));
    int seed = (int) crc.getValue() * 0x9E3779B9;
    float[] out = new float[n];
    for (int i = 0; i < n; i++) {
      int h = i + seed;
      h ^= h >>> 16;
      h *= 0x85EBCA6B;
      h ^= h >>> 13;
      h *= 0xC2B2AE35;
      h ^= h >>> 16;
      out[i] = (h >>> 8) * 0x1p-24f - 0.5f;
    }
    return out;
  }

  /** A synthetic input of variance 1. */
  public static float[] input(String name, int n) {
    float[] v = hash(name, n);
    float scale = (float) Math.sqrt(12);
    for (int i = 0; i < n; i++) {
      v[i] *= scale;
    }
    return v;
  }

  /**
   * A synthetic weight: uniform with variance 1 over the fan-in for matrices and kernels, about 1
   * for the weights of norms, about 0 for biases.
   *
   * @param name in the diffusers naming without prefix
   */
  public static float[] weight(String name, List<Long> shape) {
    long elements = shape.stream().reduce(1L, (a, b) -> a * b);
    float[] v = hash(name, Math.toIntExact(elements));
    if (name.endsWith("time_proj.weight")) {
      scale(v, 2f, 0f);
    } else if (shape.size() >= 2) {
      scale(v, (float) Math.sqrt(12.0 / (elements / shape.get(0))), 0f);
    } else if (name.endsWith("weight")) {
      scale(v, 0.2f, 1f);
    } else {
      scale(v, 0.2f, 0f);
    }
    return v;
  }

  private static void scale(float[] v, float factor, float offset) {
    for (int i = 0; i < v.length; i++) {
      v[i] = offset + v[i] * factor;
    }
  }

  /**
   * Writes a whole network's synthetic weights as float32 safetensors in the diffusers naming. One
   * tensor at a time is in memory.
   *
   * @param file replaced if it exists
   */
  public static void write(ConsistencyNetwork network, Path file) throws IOException {
    write(PREFIX, network.tensors(), file);
  }

  /**
   * Writes synthetic weights of any network, as {@link #write(ConsistencyNetwork, Path)} does,
   * under the names given.
   *
   * @param tensors shapes by name, as a network's definition lists them
   * @param file replaced if it exists
   */
  public static void write(Map<String, List<Long>> tensors, Path file) throws IOException {
    write("", tensors, file);
  }

  private static void write(String prefix, Map<String, List<Long>> tensors, Path file)
      throws IOException {
    List<SafetensorsWriter.Entry> entries = new ArrayList<>();
    for (Map.Entry<String, List<Long>> t : tensors.entrySet()) {
      String name = t.getKey();
      entries.add(
          new SafetensorsWriter.Entry(
              prefix + name,
              DType.F32,
              t.getValue(),
              channel -> write(weight(name, t.getValue()), channel)));
    }
    SafetensorsWriter.write(file, Map.of(), entries);
  }

  private static void write(float[] values, WritableByteChannel channel) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
