package io.github.consistencydecoder.plugin;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;

/** The shape check of {@link Latents}, with a message for each way people get it wrong. */
final class LatentShape {
  private LatentShape() {}

  static void check(long[] shape, int values) {
    requireNonNull(shape, "shape");
    String found = "latents of shape " + Arrays.toString(shape);
    if (shape.length != 4) {
      throw invalid(found + ": 4 dimensions [N, 4, h, w] are needed");
    }
    for (long d : shape) {
      if (d < 1) {
        throw invalid(found + ": every dimension must be at least 1");
      }
    }
    if (shape[1] != Latents.CHANNELS) {
      throw invalid(found + ": 4 channels are needed" + family(shape));
    }
    long product = 1;
    for (long d : shape) {
      if (d > Integer.MAX_VALUE / product) {
        throw invalid(found + ": more than 2^31 - 1 values");
      }
      product *= d;
    }
    if (product != values) {
      throw invalid(found + " need " + product + " values, " + values + " were given");
    }
  }

  private static String family(long[] shape) {
    if (shape[1] == 16) {
      return "; 16 are those of Stable Diffusion 3 or Flux, which this decoder was not made for";
    }
    if (shape[1] == 3) {
      return "; 3 look like an image, not like latents: encode it first";
    }
    if (shape[3] == Latents.CHANNELS) {
      return "; the last dimension is 4: transpose [N, h, w, 4] to [N, 4, h, w]";
    }
    return "";
  }

  private static DecoderException invalid(String message) {
    return new DecoderException(DecoderErrorCode.INVALID_LATENTS, message);
  }
}
