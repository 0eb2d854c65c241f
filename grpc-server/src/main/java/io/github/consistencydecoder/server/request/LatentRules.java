package io.github.consistencydecoder.server.request;

import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.LatentCheck;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Tiling;
import io.github.consistencydecoder.server.request.DecodeSize.CallKind;
import io.github.consistencydecoder.server.request.WireTensor.TensorFields;
import java.util.List;

/**
 * Rules for latents: {@code [N, 4, h, w]} in a floating-point type, all values finite and within
 * the range of latents, of the Stable Diffusion 1.x family as far as the caller's own factors tell.
 */
public final class LatentRules {
  /** Callers send the factor as float32 or as decimal text. */
  private static final double FACTOR_TOLERANCE = 1e-6;

  private LatentRules() {}

  /**
   * The size of a decode by its shape alone, before the latents' body is looked at.
   *
   * @param steps evaluations of the network
   * @param tiling whether and how it may be divided
   * @throws ServiceException {@code INVALID}
   */
  public static DecodeSize size(TensorFields fields, List<Long> shape, int steps, Tiling tiling)
      throws ServiceException {
    String found = "latents of shape " + shape;
    if (shape.size() != 4) {
      throw ServiceException.invalid(
          fields.shape(), found + ": 4 dimensions [N, 4, h, w] are needed");
    }
    long cells = WireTensor.bytes(fields, TensorType.FLOAT32, shape) / 16;
    if (shape.get(1) != Latents.CHANNELS) {
      throw ServiceException.invalid(
          fields.shape(), found + ": 4 channels are needed" + family(shape));
    }
    // The pictures' values, three float32 for each of the 64 pixels of a cell, in one array.
    if (cells > Integer.MAX_VALUE / (3 * 64)) {
      throw ServiceException.invalid(
          fields.shape(), found + ": the pictures would have more than 2^31 - 1 values");
    }
    return new DecodeSize(
        CallKind.DECODE,
        shape.get(0).intValue(),
        shape.get(2).intValue(),
        shape.get(3).intValue(),
        steps,
        tiling);
  }

  private static String family(List<Long> shape) {
    if (shape.get(1) == 16) {
      return "; 16 are those of Stable Diffusion 3 or Flux, which this decoder was not made for";
    }
    if (shape.get(1) == 3) {
      return "; 3 look like a picture, not like latents: encode it first";
    }
    if (shape.get(3) == Latents.CHANNELS) {
      return "; the last dimension is 4: transpose [N, h, w, 4] to [N, 4, h, w]";
    }
    return "";
  }

  /**
   * Reads latents.
   *
   * @throws ServiceException {@code INVALID}
   */
  public static Latents latents(WireTensor tensor, LatentScale scale) throws ServiceException {
    size(tensor.fields(), tensor.shape(), 1, Tiling.AUTO);
    if (tensor.type() == TensorType.UINT8) {
      throw ServiceException.invalid(
          tensor.fields().type(), "latents are float32, float16 or bfloat16, not uint8");
    }
    long[] shape = tensor.shape().stream().mapToLong(Long::longValue).toArray();
    Latents latents = Latents.of(scale, tensor.floats(), shape);
    check(tensor.fields(), latents);
    return latents;
  }

  /**
   * Refuses values that no decoder takes.
   *
   * @throws ServiceException {@code INVALID}
   */
  public static void check(TensorFields fields, Latents latents) throws ServiceException {
    try {
      LatentCheck.requireDecodable(latents);
    } catch (DecoderException e) {
      throw ServiceException.invalid(fields.data(), e.getMessage());
    }
  }

  /**
   * Whether the caller's factor between the scales is that of Stable Diffusion 1.x.
   *
   * @throws ServiceException {@code INVALID}, naming the family where it is known
   */
  public static void checkScalingFactor(String field, double factor) throws ServiceException {
    if (Math.abs(factor - 0.18215) <= FACTOR_TOLERANCE) {
      return;
    }
    String family =
        Math.abs(factor - 0.13025) <= FACTOR_TOLERANCE
            ? "; 0.13025 is that of SDXL, whose latents have the same shape and decode to nonsense"
            : "; such latents are of another family and decode to nonsense";
    throw ServiceException.invalid(
        field,
        "scaling factor " + factor + " is not 0.18215, that of Stable Diffusion 1.x" + family);
  }

  /**
   * Whether the caller's shift is that of Stable Diffusion 1.x, none.
   *
   * @throws ServiceException {@code INVALID}
   */
  public static void checkShiftFactor(String field, double shift) throws ServiceException {
    if (shift != 0) {
      throw ServiceException.invalid(
          field,
          "shift factor "
              + shift
              + ": Stable Diffusion 1.x latents have none; these look like Stable Diffusion 3 or"
              + " Flux");
    }
  }
}
