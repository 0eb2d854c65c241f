package io.github.consistencydecoder.server.request;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.plugin.Tiling;

/**
 * The sizes that the cost of a decode or an encoding depends on; known from a request's first
 * bytes, before its body.
 *
 * @param kind of the call
 * @param batch number of latents
 * @param height of a latent, in cells of 8 pixels
 * @param width of a latent, in cells of 8 pixels
 * @param steps evaluations of the network
 * @param tiling whether and how it may be divided; of encodings {@code AUTO}
 */
public record DecodeSize(
    CallKind kind, int batch, int height, int width, int steps, Tiling tiling) {
  public DecodeSize {
    requireNonNull(kind, "kind");
    requireNonNull(tiling, "tiling");
  }

  /** Of a decode that is divided as memory asks. */
  public DecodeSize(int batch, int height, int width, int steps) {
    this(CallKind.DECODE, batch, height, width, steps, Tiling.AUTO);
  }

  /** Of an encoding. */
  public static DecodeSize ofEncoding(int batch, int height, int width) {
    return new DecodeSize(CallKind.ENCODE, batch, height, width, 1, Tiling.AUTO);
  }

  /** Of all pictures together. */
  public long pixels() {
    return 64L * batch * height * width;
  }

  /** What a call asks for. */
  public enum CallKind {
    DECODE,
    ENCODE;

    public String id() {
      return this == DECODE ? "decode" : "encode";
    }
  }

  /**
   * What a call will cost.
   *
   * @param operations floating-point operations, a multiply-add counted as two
   * @param peakBytes memory at its peak beyond the loaded model
   * @param nanos time of the work alone, without waiting; a high quantile rather than the mean
   */
  public record Prediction(double operations, long peakBytes, long nanos) {}
}
