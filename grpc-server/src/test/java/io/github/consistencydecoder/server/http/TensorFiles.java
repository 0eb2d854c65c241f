package io.github.consistencydecoder.server.http;

import io.github.consistencydecoder.server.wire.TensorType;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

/** Makes files of tensors, sound ones. */
final class TensorFiles {
  private TensorFiles() {}

  /** A tensor of a safetensors file. */
  record Named(String name, byte[] bytes, String shape) {}

  static Named tensor(String name, FloatBuffer values, int... shape) {
    return new Named(name, TensorType.FLOAT32.toBytes(values), Arrays.toString(shape));
  }

  static byte[] safetensors(Map<String, String> metadata, Named... tensors) {
    StringBuilder header = new StringBuilder("{\"__metadata__\":{");
    header.append(
        metadata.entrySet().stream()
            .map(e -> "\"" + e.getKey() + "\":\"" + e.getValue() + "\"")
            .collect(Collectors.joining(",")));
    header.append("}");
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    for (Named tensor : tensors) {
      header
          .append(",\"")
          .append(tensor.name())
          .append("\":{\"dtype\":\"F32\",\"shape\":")
          .append(tensor.shape())
          .append(",\"data_offsets\":[")
          .append(data.size())
          .append(",")
          .append(data.size() + tensor.bytes().length)
          .append("]}");
      data.writeBytes(tensor.bytes());
    }
    return safetensors(header.append("}").toString(), data.toByteArray());
  }

  static byte[] safetensors(String header, byte[] data) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return join(
        ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).array(),
        json,
        data);
  }

  static byte[] npy(FloatBuffer values, int... shape) {
    String tuple = Arrays.toString(shape).replace("[", "(").replace("]", ")");
    return npy(
        "{'descr': '<f4', 'fortran_order': False, 'shape': " + tuple + ", }",
        TensorType.FLOAT32.toBytes(values));
  }

  static byte[] npy(String dictionary, byte[] data) {
    String header = dictionary + " ".repeat(63 - (10 + dictionary.length()) % 64) + "\n";
    byte[] magic = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    return join(
        magic,
        ByteBuffer.allocate(2)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putShort((short) header.length())
            .array(),
        header.getBytes(StandardCharsets.ISO_8859_1),
        data);
  }

  static byte[] join(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }
}
