package io.github.consistencydecoder.server.request;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * A tensor as it came, checked but not yet read. Checked in this order: every dimension is at least
 * 1; the elements can be counted; there are exactly as many bytes as shape and type need.
 */
public final class WireTensor {
  private final TensorFields fields;
  private final TensorType type;
  private final List<Long> shape;
  private final ByteBuffer data;

  private WireTensor(TensorFields fields, TensorType type, List<Long> shape, ByteBuffer data) {
    this.fields = fields;
    this.type = type;
    this.shape = shape;
    this.data = data;
  }

  /**
   * @param fields what the parts are called
   * @param data borrowed while this object is used
   * @throws ServiceException {@code INVALID}
   */
  public static WireTensor of(
      TensorFields fields, TensorType type, List<Long> shape, ByteBuffer data)
      throws ServiceException {
    long needed = bytes(fields, type, shape);
    if (needed != data.remaining()) {
      throw ServiceException.invalid(
          fields.data(),
          "%s bytes were given, shape %s of %s needs %s"
              .formatted(data.remaining(), shape, type.torchName(), needed));
    }
    return new WireTensor(fields, type, List.copyOf(shape), data.slice());
  }

  /** Bytes that a tensor has. */
  static long bytes(TensorFields fields, TensorType type, List<Long> shape)
      throws ServiceException {
    long product = type.bytes();
    for (long d : shape) {
      if (d < 1) {
        throw ServiceException.invalid(
            fields.shape(), "shape " + shape + ": every dimension must be at least 1");
      }
      if (d > Integer.MAX_VALUE / product) {
        throw ServiceException.invalid(
            fields.shape(), "shape " + shape + " needs more bytes than a request can have");
      }
      product *= d;
    }
    return product;
  }

  /** What its parts are called. */
  public TensorFields fields() {
    return fields;
  }

  /** Type of the elements. */
  public TensorType type() {
    return type;
  }

  /** The dimensions, outermost first. */
  public List<Long> shape() {
    return shape;
  }

  /** The elements, in a new array. */
  public float[] floats() {
    return type.floats(data);
  }

  /**
   * The elements, all of them finite.
   *
   * @throws ServiceException {@code INVALID}, naming the first that is not
   */
  public float[] finiteFloats() throws ServiceException {
    float[] values = floats();
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw ServiceException.invalid(
            fields.data(),
            ("the value at %s is %s; all must be finite, an overflow in half precision is"
                    + " the usual cause")
                .formatted(position(i), values[i]));
      }
    }
    return values;
  }

  private List<Long> position(int index) {
    Long[] at = new Long[shape.size()];
    long rest = index;
    for (int d = at.length - 1; d >= 0; d--) {
      at[d] = rest % shape.get(d);
      rest /= shape.get(d);
    }
    return List.of(at);
  }

  /**
   * What a tensor's parts are called in the request of one endpoint, for its refusals.
   *
   * @param type of the elements, such as {@code latents.tensor.data_type}
   * @param shape such as {@code latents.tensor.shape}
   * @param data such as {@code latents.tensor.data}
   */
  public record TensorFields(String type, String shape, String data) {
    /** The names of our own protocol below a prefix, such as {@code latents.tensor}. */
    public static TensorFields below(String prefix) {
      return new TensorFields(prefix + ".data_type", prefix + ".shape", prefix + ".data");
    }
  }
}
