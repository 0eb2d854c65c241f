package io.github.consistencydecoder.client;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Threads that decode one after the other through one decoder, and compare each picture with what
 * it has to be. Does not own the decoder.
 */
final class Load implements AutoCloseable {
  private static final int INPUTS = 8;

  final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
  final AtomicLong calls = new AtomicLong();
  final AtomicLong longestNanos = new AtomicLong();

  private final List<FloatBuffer> expected = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean stopped;

  private Load(LatentDecoder reference) {
    for (int k = 0; k < INPUTS; k++) {
      expected.add(reference.decode(input(k), options(k)).pixels().values());
    }
  }

  /**
   * Begins.
   *
   * @param reference says what the pictures have to be; closed afterwards
   */
  static Load on(LatentDecoder decoder, LatentDecoder reference, int threads) {
    Load load;
    try (reference) {
      load = new Load(reference);
    }
    for (int t = 0; t < threads; t++) {
      int first = t;
      Thread thread = new Thread(() -> load.run(decoder, first), "load-" + t);
      load.threads.add(thread);
      thread.start();
    }
    return load;
  }

  private static Latents input(int k) {
    return Asserts.latents(k, 1, 3, 4);
  }

  private static DecodeOptions options(int k) {
    return DecodeOptions.builder().seed(k).build();
  }

  private void run(LatentDecoder decoder, int first) {
    for (int k = first; !stopped; k = (k + 1) % INPUTS) {
      long start = System.nanoTime();
      try {
        Decoded decoded = decoder.decode(input(k), options(k));
        if (!decoded.pixels().values().equals(expected.get(k))) {
          failures.add(new AssertionError("another picture than that of input " + k));
        }
      } catch (RuntimeException | Error e) {
        failures.add(e);
      }
      calls.incrementAndGet();
      longestNanos.accumulateAndGet(System.nanoTime() - start, Math::max);
    }
  }

  /** Waits until so many more calls have ended. */
  void awaitMore(int more) {
    long goal = calls.get() + more;
    TestService.await("calls to end", () -> calls.get() >= goal);
  }

  @Override
  public void close() {
    end();
  }

  /** Begins no more calls and waits for those that are under way. */
  void end() {
    stopped = true;
    for (Thread thread : threads) {
      try {
        thread.join(60_000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      if (thread.isAlive()) {
        failures.add(new AssertionError("a call does not end"));
      }
    }
  }
}
