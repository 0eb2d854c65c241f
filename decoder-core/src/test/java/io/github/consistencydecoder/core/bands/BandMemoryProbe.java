package io.github.consistencydecoder.core.bands;

import io.github.consistencydecoder.core.runtime.SessionSettings.Convolutions;
import io.github.consistencydecoder.core.sampler.StepInputs;
import io.github.consistencydecoder.formats.io.SystemMemory;
import io.github.consistencydecoder.models.network.SyntheticWeights;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A program that evaluates a network in bands, in memory and partly through a file, and prints for
 * each {@code PLANNED GROWN}, both in bytes. A process of its own, so that nothing but the
 * evaluation makes it grow.
 */
final class BandMemoryProbe {
  static final Path STATUS = Path.of("/proc/self/status");

  /** So large that the megabytes by which one start of Java differs from the next are few. */
  private static final int SIZE = 768;

  private BandMemoryProbe() {}

  /** Takes a folder for its files. */
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    try (BandedNetwork network =
        BandedNetwork.synthetic(SyntheticWeights.reducedNetwork(), folder, Convolutions.DIRECT)) {
      BandPlan inMemory = network.inMemory(SIZE, SIZE, 64);
      // The first evaluation also warms Java up: its compiler's memory is not what is measured.
      measure(network, inMemory);
      BandPlan partly = network.plan(SIZE, SIZE, 64, inMemory.peakBytes() / 2);
      System.out.println(inMemory.peakBytes() + " " + measure(network, inMemory));
      System.out.println(
          partly.peakBytes() + " " + measure(network, partly.withSpillFolder(folder)));
    }
  }

  private static long measure(BandedNetwork network, BandPlan plan) throws InterruptedException {
    StepInputs in = network.inputs(1, plan.height(), plan.width());
    float[] noisy = BandedNetwork.noisy(1, plan.height(), plan.width());
    float[] image = new float[noisy.length];
    long before = SystemMemory.here().own();
    AtomicLong peak = new AtomicLong();
    AtomicBoolean done = new AtomicBoolean();
    Thread watcher =
        new Thread(
            () -> {
              while (!done.get()) {
                peak.accumulateAndGet(SystemMemory.here().own(), Math::max);
                LockSupport.parkNanos(1_000_000);
              }
            });
    watcher.start();
    network.banded(in, noisy, image, plan);
    done.set(true);
    watcher.join();
    return peak.get() - before;
  }
}
