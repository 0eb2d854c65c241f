package io.github.consistencydecoder.formats.archive;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Builds pickles opcode by opcode. */
public final class Pickle {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** Protocol 2. */
  public static Pickle pickle() {
    return new Pickle().op(0x80, 2);
  }

  /** Without a protocol number. */
  public static Pickle bare() {
    return new Pickle();
  }

  /** The state dict {@code {"w": ...}} around a value still to be pushed; see {@link #end}. */
  public static Pickle dictOfW() {
    return pickle().op('}').string("w");
  }

  /** A whole pickle of one tensor {@code w} over the four float32 of storage 0. */
  public static Pickle oneTensor(long offset, long[] shape, long[] strides) {
    return dictOfW().tensor("FloatStorage", "0", 4, offset, shape, strides).op('s').end();
  }

  public Pickle op(int... bytes) {
    for (int b : bytes) {
      out.write(b);
    }
    return this;
  }

  public Pickle global(String module, String name) {
    return op('c').raw(module + "\n" + name + "\n");
  }

  public Pickle string(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return op('X').little(4, utf8.length).raw(utf8);
  }

  public Pickle number(long value) {
    return value >= 0 && value < 256 ? op('K', (int) value) : op(0x8a, 8).little(8, value);
  }

  public Pickle tuple(long... numbers) {
    op('(');
    for (long n : numbers) {
      number(n);
    }
    return op('t');
  }

  public Pickle storage(String type, String key, long count) {
    return op('(')
        .string("storage")
        .global("torch", type)
        .string(key)
        .string("cpu")
        .number(count)
        .op('t', 'Q');
  }

  public Pickle tensor(
      String type, String key, long count, long offset, long[] shape, long[] strides) {
    return global("torch._utils", "_rebuild_tensor_v2")
        .op('(')
        .storage(type, key, count)
        .number(offset)
        .tuple(shape)
        .tuple(strides)
        .op(0x89)
        .global("collections", "OrderedDict")
        .op(')', 'R', 't', 'R');
  }

  /** A tensor that is as it should be. */
  public Pickle tensor() {
    return tensor("FloatStorage", "0", 4, 0, new long[] {2, 2}, new long[] {2, 1});
  }

  public Pickle raw(String text) {
    return raw(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  public Pickle raw(byte[] bytes) {
    out.writeBytes(bytes);
    return this;
  }

  private Pickle little(int bytes, long value) {
    for (int i = 0; i < bytes; i++) {
      out.write((byte) (value >> (8 * i)));
    }
    return this;
  }

  public Pickle end() {
    return op('.');
  }

  /** Where the next opcode will be. */
  int at() {
    return out.size();
  }

  public byte[] bytes() {
    return out.toByteArray();
  }
}
