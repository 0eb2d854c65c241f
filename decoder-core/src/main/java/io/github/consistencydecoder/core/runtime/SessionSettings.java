package io.github.consistencydecoder.core.runtime;

import java.util.Objects;

/**
 * How sessions are made.
 *
 * @param device where
 * @param threads of one evaluation, 0 for as many as there are cores
 * @param convolutions of a consistency decoder
 * @param layout of a consistency decoder
 * @param cuda advanced options
 */
public record SessionSettings(
    Device device, int threads, Convolutions convolutions, Layout layout, CudaOptions cuda) {
  /** Checks the number of threads. */
  public SessionSettings {
    Objects.requireNonNull(layout, "layout");
    Objects.requireNonNull(convolutions, "convolutions");
    Objects.requireNonNull(cuda, "cuda");
    if (threads < 0 || threads > 1024) {
      throw new IllegalArgumentException("the number of threads is 0 to 1024, not " + threads);
    }
  }

  /** Settings with {@link Convolutions#AUTO} and {@link Layout#AUTO}. */
  public SessionSettings(Device device, int threads) {
    this(device, threads, Convolutions.AUTO, Layout.AUTO, CudaOptions.NONE);
  }

  /** The same with {@link Layout#NCHW}. */
  public SessionSettings plain() {
    return new SessionSettings(device, threads, convolutions, Layout.NCHW, cuda);
  }

  int effectiveThreads() {
    return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
  }
}
