package io.github.consistencydecoder.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNoException;

import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/**
 * What every {@link LatentEncoder} promises, as tests. An implementation extends this class and
 * says how to {@linkplain #open() open} itself.
 */
public abstract class LatentEncoderContract {
  /** A new encoder; every test closes the one it asked for. */
  protected abstract LatentEncoder open();

  /** How far a picture of a batch may be from the same picture encoded alone, in scaled latents. */
  protected float batchTolerance() {
    return 1e-5f;
  }

  /**
   * Smooth pictures with some noise, {@code [batch, 3, height, width]} in {@code [-1, 1]}.
   *
   * @param seed other pictures for another seed
   */
  protected Pixels pixels(int batch, int height, int width, long seed) {
    Random random = new Random(seed);
    float[] values = new float[batch * 3 * height * width];
    double phase = random.nextDouble() * 6;
    for (int i = 0; i < values.length; i++) {
      int row = i / width;
      int column = i % width;
      double wave = Math.sin(phase + 0.2 * row) * Math.cos(phase + 0.1 * column);
      values[i] = (float) (0.7 * wave + 0.3 * (2 * random.nextDouble() - 1));
    }
    return Pixels.takeOver(values, batch, height, width);
  }

  @Test
  void samePixelsGiveTheSameLatents() {
    try (LatentEncoder encoder = open()) {
      float[] first = latents(encoder, pixels(1, 32, 32, 1));
      assertThat(latents(encoder, pixels(1, 32, 32, 1))).isEqualTo(first);
    }
  }

  @Test
  void otherPixelsGiveOtherLatents() {
    try (LatentEncoder encoder = open()) {
      float[] first = latents(encoder, pixels(1, 32, 32, 1));
      assertThat(latents(encoder, pixels(1, 32, 32, 2))).isNotEqualTo(first);
    }
  }

  @Test
  void pixelsAreNotChanged() {
    try (LatentEncoder encoder = open()) {
      Pixels pixels = pixels(2, 32, 32, 1);
      float[] before = new float[pixels.values().remaining()];
      pixels.values().get(before);
      encoder.encode(pixels);
      float[] after = new float[before.length];
      pixels.values().get(after);
      assertThat(after).isEqualTo(before);
    }
  }

  @Test
  void resultIsAnEighthAsLarge() {
    try (LatentEncoder encoder = open()) {
      Latents latents = encoder.encode(pixels(2, 40, 56, 1));
      assertThat(latents.batch()).isEqualTo(2);
      assertThat(latents.height()).isEqualTo(5);
      assertThat(latents.width()).isEqualTo(7);
    }
  }

  @Test
  void aBatchEqualsTheSingleEncodings() {
    try (LatentEncoder encoder = open()) {
      Pixels both = pixels(2, 32, 40, 3);
      float[] batch = latents(encoder, both);
      int n = 3 * 32 * 40;
      for (int k = 0; k < 2; k++) {
        float[] values = new float[n];
        both.values().position(k * n).get(values);
        float[] single = latents(encoder, Pixels.takeOver(values, 1, 32, 40));
        for (int i = 0; i < single.length; i++) {
          assertThat(batch[k * single.length + i])
              .as("value %d of picture %d", i, k)
              .isBetween(single[i] - batchTolerance(), single[i] + batchTolerance());
        }
      }
    }
  }

  @Test
  void sidesThatEightDoesNotDivideAreTheCallersError() {
    try (LatentEncoder encoder = open()) {
      assertCode(
          DecoderErrorCode.INVALID_PIXELS, () -> encoder.encode(pixels(1, 32, 36, 1)), "32", "36");
      assertCode(
          DecoderErrorCode.INVALID_PIXELS, () -> encoder.encode(pixels(1, 31, 40, 1)), "31", "40");
    }
  }

  @Test
  void pixelsWithNaNAreRefused() {
    try (LatentEncoder encoder = open()) {
      float[] values = new float[3 * 32 * 32];
      values[17] = Float.NaN;
      assertCode(
          DecoderErrorCode.INVALID_PIXELS,
          () -> encoder.encode(Pixels.takeOver(values, 1, 32, 32)));
    }
  }

  @Test
  void aSwitchThrownBeforehandStopsTheEncoding() {
    try (LatentEncoder encoder = open()) {
      Cancellation cancellation = new Cancellation();
      cancellation.cancel();
      Pixels pixels = pixels(1, 32, 32, 1);
      assertCode(DecoderErrorCode.CANCELLED, () -> encoder.encode(pixels, cancellation));
      assertThat(latents(encoder, pixels)).isNotEmpty();
    }
  }

  @Test
  void estimateGrowsWithTheWork() {
    try (LatentEncoder encoder = open()) {
      DecodeEstimate small = encoder.estimate(1, 64, 64);
      DecodeEstimate large = encoder.estimate(2, 128, 128);
      assertThat(small.operations()).isPositive();
      assertThat(small.peakBytes()).isPositive();
      assertThat(large.operations()).isGreaterThan(small.operations());
      assertThat(large.peakBytes()).isGreaterThan(small.peakBytes());
    }
  }

  @Test
  void concurrentEncodingsEqualTheSequentialOnes() throws Exception {
    try (LatentEncoder encoder = open()) {
      List<Future<float[]>> running = new ArrayList<>();
      ExecutorService threads = Executors.newFixedThreadPool(2);
      try {
        for (int k = 0; k < 2; k++) {
          Pixels pixels = pixels(1, 64, 64, k);
          running.add(threads.submit(() -> latents(encoder, pixels)));
        }
        for (int k = 0; k < 2; k++) {
          assertThat(running.get(k).get(60, TimeUnit.SECONDS))
              .isEqualTo(latents(encoder, pixels(1, 64, 64, k)));
        }
      } finally {
        threads.shutdownNow();
      }
    }
  }

  @Test
  void nothingWorksAfterClose() {
    LatentEncoder encoder = open();
    encoder.close();
    assertThatIllegalStateException()
        .as("encode")
        .isThrownBy(() -> encoder.encode(pixels(1, 32, 32, 1)));
    assertThatIllegalStateException().as("estimate").isThrownBy(() -> encoder.estimate(1, 32, 32));
    assertThatIllegalStateException().as("info").isThrownBy(encoder::info);
  }

  @Test
  void secondCloseDoesNothing() {
    LatentEncoder encoder = open();
    encoder.close();
    assertThatNoException().isThrownBy(encoder::close);
  }

  private static float[] latents(LatentEncoder encoder, Pixels pixels) {
    Latents latents = encoder.encode(pixels).to(LatentScale.SCALED);
    float[] values = new float[latents.size()];
    latents.values().get(values);
    return values;
  }

  private static void assertCode(DecoderErrorCode code, ThrowingCallable call, String... words) {
    assertThatExceptionOfType(DecoderException.class)
        .isThrownBy(call)
        .satisfies(
            e -> {
              assertThat(e.code()).isEqualTo(code);
              for (String word : words) {
                assertThat(e).hasMessageContaining(word);
              }
            });
  }
}
