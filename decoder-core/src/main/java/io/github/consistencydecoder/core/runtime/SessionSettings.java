package io.github.consistencydecoder.core.runtime;

/**
 * How sessions are made.
 *
 * @param device where
 * @param threads of one evaluation, 0 for as many as there are cores
 */
public record SessionSettings(Device device, int threads) {
  public SessionSettings {
    if (threads < 0 || threads > 1024) {
      throw new IllegalArgumentException("the number of threads is 0 to 1024, not " + threads);
    }
  }

  int effectiveThreads() {
    return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
  }
}
