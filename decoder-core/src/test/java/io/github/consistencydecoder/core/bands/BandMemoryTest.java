package io.github.consistencydecoder.core.bands;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.core.runtime.Convolutions;
import io.github.consistencydecoder.core.runtime.StepSession.StepInputs;
import io.github.consistencydecoder.models.network.SyntheticWeights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An evaluation takes the memory that its plan says, measured by the system. */
class BandMemoryTest {
  private static final Path STATUS = Path.of("/proc/self/status");

  /** What issue 6 allows the prediction to be off. */
  private static final double OFF = 0.10;

  @TempDir Path folder;

  @Test
  void theGrowthOfTheProcessIsThePlansPeak() throws Exception {
    Assumptions.assumeTrue(Files.exists(STATUS), "needs " + STATUS);
    try (BandedNetwork network =
        BandedNetwork.synthetic(SyntheticWeights.reducedNetwork(), folder, Convolutions.DIRECT)) {
      BandPlan inMemory = network.inMemory(384, 512, 64);
      // The first evaluation also warms Java up: its compiler's memory is not what is measured.
      network.banded(1, inMemory);
      assertGrowth(network, inMemory);
      BandPlan partly =
          network.plan(384, 512, 64, inMemory.peakBytes() / 2).withSpillFolder(folder);
      assertThat(partly.spilled()).isNotEmpty();
      assertGrowth(network, partly);
    }
  }

  private static void assertGrowth(BandedNetwork network, BandPlan plan) throws Exception {
    StepInputs in = network.inputs(1, plan.height(), plan.width());
    float[] noisy = BandedNetwork.noisy(1, plan.height(), plan.width());
    float[] image = new float[noisy.length];
    long before = anonymousBytes();
    AtomicLong peak = new AtomicLong();
    AtomicBoolean done = new AtomicBoolean();
    Thread watcher =
        new Thread(
            () -> {
              while (!done.get()) {
                peak.accumulateAndGet(anonymousBytes(), Math::max);
                LockSupport.parkNanos(1_000_000);
              }
            });
    watcher.start();
    network.banded(in, noisy, image, plan);
    done.set(true);
    watcher.join();
    double growth = peak.get() - before;
    assertThat(growth)
        .as("growth in bytes, planned %d", plan.peakBytes())
        .isBetween((1 - OFF) * plan.peakBytes(), (1 + OFF) * plan.peakBytes());
  }

  /** Memory of the process that is no file's. */
  private static long anonymousBytes() {
    try {
      return Files.readAllLines(STATUS).stream()
          .filter(line -> line.startsWith("RssAnon:"))
          .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElseThrow();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
