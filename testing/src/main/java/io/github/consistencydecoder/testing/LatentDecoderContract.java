package io.github.consistencydecoder.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecodeListener;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.plugin.Schedule;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/**
 * What every {@link LatentDecoder} promises, as tests. An implementation extends this class, says
 * how to {@linkplain #open() open} itself, and overrides the hooks where it differs.
 *
 * <p>One class, however long, so that extending it is all there is to do.
 *
 * <pre>{@code
 * class MyDecoderTest extends LatentDecoderContract {
 *   @Override
 *   protected LatentDecoder open() {
 *     return new MyProvider().open(DecoderConfig.empty());
 *   }
 * }
 * }</pre>
 */
public abstract class LatentDecoderContract {
  private static final Schedule THREE_STEPS = Schedule.of(1008, 704, 352);

  /** A new decoder; every test closes the one it asked for. */
  protected abstract LatentDecoder open();

  /** Whether the picture depends on noise and schedule; false for a plain autoencoder. */
  protected boolean usesNoise() {
    return true;
  }

  /** How far an image of a batch may be from the same image decoded alone. */
  protected float batchTolerance() {
    return 1e-5f;
  }

  /** How far pictures of the same latents in different scales may be from each other. */
  protected float scaleTolerance() {
    return 1e-4f;
  }

  /**
   * Latents with the statistics of real ones, scaled, {@code [batch, 4, height, width]}.
   *
   * @param seed other latents for another seed
   */
  protected Latents latents(int batch, int height, int width, long seed) {
    return SampleLatents.scaled(seed, batch, height, width);
  }

  @Test
  void sameSeedGivesTheSamePixels() {
    try (LatentDecoder decoder = open()) {
      float[] first = pixels(decoder, latents(1, 8, 8, 1), seed(42));
      assertThat(pixels(decoder, latents(1, 8, 8, 1), seed(42))).isEqualTo(first);
    }
  }

  @Test
  void anotherSeedGivesOtherPixels() {
    assumeTrue(usesNoise(), "the decoder uses no noise");
    try (LatentDecoder decoder = open()) {
      float[] first = pixels(decoder, latents(1, 8, 8, 1), seed(42));
      assertThat(pixels(decoder, latents(1, 8, 8, 1), seed(43))).isNotEqualTo(first);
    }
  }

  @Test
  void otherLatentsGiveOtherPixels() {
    try (LatentDecoder decoder = open()) {
      float[] first = pixels(decoder, latents(1, 8, 8, 1), seed(42));
      assertThat(pixels(decoder, latents(1, 8, 8, 2), seed(42))).isNotEqualTo(first);
    }
  }

  @Test
  void latentsAreNotChanged() {
    try (LatentDecoder decoder = open()) {
      Latents latents = latents(2, 8, 8, 1);
      float[] before = values(latents);
      decoder.decode(latents, seed(42));
      assertThat(values(latents)).isEqualTo(before);
    }
  }

  @Test
  void bothScalesOfTheSameLatentsGiveTheSamePicture() {
    try (LatentDecoder decoder = open()) {
      Latents latents = latents(1, 8, 8, 1);
      float[] scaled = pixels(decoder, latents.to(LatentScale.SCALED), seed(42));
      float[] unscaled = pixels(decoder, latents.to(LatentScale.UNSCALED), seed(42));
      assertClose(unscaled, scaled, scaleTolerance());
    }
  }

  @Test
  void resultIsEightTimesAsLarge() {
    try (LatentDecoder decoder = open()) {
      Pixels pixels = decoder.decode(latents(2, 5, 7, 1), seed(42)).pixels();
      assertThat(pixels.batch()).isEqualTo(2);
      assertThat(pixels.height()).isEqualTo(40);
      assertThat(pixels.width()).isEqualTo(56);
    }
  }

  @Test
  void batchWithASeedPerImageEqualsTheSingleDecodes() {
    try (LatentDecoder decoder = open()) {
      Latents latents = latents(2, 8, 8, 1);
      float[] batch = pixels(decoder, latents, noise(Noise.seededPerImage(List.of(5L, 6L))));
      float[] singles = new float[batch.length];
      for (int k = 0; k < 2; k++) {
        float[] single = pixels(decoder, latents.image(k), seed(5 + k));
        System.arraycopy(single, 0, singles, k * single.length, single.length);
      }
      assertClose(batch, singles, batchTolerance());
    }
  }

  @Test
  void anotherNumberOfSeedsThanImagesIsTheCallersError() {
    assumeTrue(usesNoise(), "the decoder uses no noise");
    try (LatentDecoder decoder = open()) {
      Noise noise = Noise.seededPerImage(List.of(5L, 6L, 7L));
      assertCode(
          DecoderErrorCode.INVALID_OPTIONS,
          () -> decoder.decode(latents(2, 8, 8, 1), noise(noise)));
    }
  }

  @Test
  void givenNoiseOfAnotherLengthIsTheCallersError() {
    assumeTrue(usesNoise(), "the decoder uses no noise");
    try (LatentDecoder decoder = open()) {
      int size = 3 * 64 * 64;
      Noise noise = Noise.given(List.of(new float[size], new float[size + 1]));
      assertCode(
          DecoderErrorCode.INVALID_OPTIONS,
          () -> decoder.decode(latents(1, 8, 8, 1), noise(noise)));
    }
  }

  @Test
  void latentsWithNaNAreRefused() {
    try (LatentDecoder decoder = open()) {
      float[] values = values(latents(1, 8, 8, 1));
      values[17] = Float.NaN;
      assertCode(
          DecoderErrorCode.INVALID_LATENTS,
          () -> decoder.decode(Latents.scaled(values, 1, 4, 8, 8), seed(42)));
    }
  }

  @Test
  void clampedPixelsStayInRange() {
    assumeTrue(usesNoise(), "the decoder does not clamp");
    try (LatentDecoder decoder = open()) {
      DecodeOptions options = seed(42).toBuilder().clamp(ClampMode.EACH_STEP).build();
      for (float v : pixels(decoder, latents(1, 8, 8, 1), options)) {
        assertThat(v).isBetween(-1f, 1f);
      }
    }
  }

  @Test
  void listenerHearsEveryStepInOrder() {
    try (LatentDecoder decoder = open()) {
      for (Schedule schedule : List.of(Schedule.ONE_STEP, Schedule.TWO_STEPS, THREE_STEPS)) {
        StepRecorder heard = new StepRecorder();
        Decoded decoded =
            decoder.decode(
                latents(1, 8, 8, 1),
                seed(42).toBuilder().schedule(schedule).listener(heard).build());
        if (usesNoise()) {
          assertThat(heard.timesteps).isEqualTo(schedule.timesteps());
        }
        heard.assertInOrder();
        assertThat(decoded.stepNanos()).as("times").isEqualTo(heard.nanos);
        assertThat(decoded.totalNanos())
            .as("time of the whole")
            .isGreaterThanOrEqualTo(decoded.stepNanos().stream().mapToLong(n -> n).sum());
      }
    }
  }

  @Test
  void warningsReachTheListenerAndTheResult() {
    try (LatentDecoder decoder = open()) {
      List<String> heard = new ArrayList<>();
      DecodeListener listener =
          new DecodeListener() {
            @Override
            public void warning(String sentence) {
              heard.add(sentence);
            }
          };
      Latents wrong = Latents.unscaled(values(latents(1, 8, 8, 1)), 1, 4, 8, 8);
      Decoded decoded = decoder.decode(wrong, seed(42).toBuilder().listener(listener).build());
      assertThat(decoded.warnings()).as("warnings for the wrong scale").isNotEmpty();
      assertThat(heard).isEqualTo(decoded.warnings());
    }
  }

  @Test
  void metadataSaysHowToGetThePictureAgain() {
    try (LatentDecoder decoder = open()) {
      Decoded decoded = decoder.decode(latents(1, 8, 8, 1), seed(42));
      assertThat(decoded.metadata()).containsKeys("model", "seed", "schedule", "clamp");
      if (usesNoise()) {
        assertThat(decoded.metadata())
            .containsEntry("seed", "42")
            .containsEntry("schedule", "1008,512")
            .containsEntry("clamp", "each-step");
      }
    }
  }

  @Test
  void estimateGrowsWithTheWork() {
    try (LatentDecoder decoder = open()) {
      DecodeEstimate small = decoder.estimate(1, 8, 8, DecodeOptions.defaults());
      DecodeEstimate large = decoder.estimate(2, 16, 16, DecodeOptions.defaults());
      assertThat(small.operations()).isPositive();
      assertThat(small.peakBytes()).isPositive();
      assertThat(large.operations()).isGreaterThan(small.operations());
      assertThat(large.peakBytes()).isGreaterThan(small.peakBytes());
    }
  }

  @Test
  void aSwitchThrownBeforehandStopsTheDecode() {
    try (LatentDecoder decoder = open()) {
      float[] expected = pixels(decoder, latents(1, 8, 8, 1), seed(42));
      Cancellation cancellation = new Cancellation();
      cancellation.cancel();
      StepRecorder heard = new StepRecorder();
      DecodeOptions options =
          seed(42).toBuilder().cancellation(cancellation).listener(heard).build();
      assertCode(DecoderErrorCode.CANCELLED, () -> decoder.decode(latents(1, 8, 8, 1), options));
      assertThat(heard.timesteps).as("steps that were started").isEmpty();
      assertThat(pixels(decoder, latents(1, 8, 8, 1), seed(42))).isEqualTo(expected);
    }
  }

  @Test
  void anInterruptEndsTheDecodeAndIsKept() {
    try (LatentDecoder decoder = open()) {
      float[] expected = pixels(decoder, latents(1, 8, 8, 1), seed(42));
      Thread.currentThread().interrupt();
      boolean kept;
      try {
        assertCode(DecoderErrorCode.CANCELLED, () -> decoder.decode(latents(1, 8, 8, 1), seed(42)));
      } finally {
        kept = Thread.interrupted();
      }
      assertThat(kept).as("the thread is still interrupted").isTrue();
      assertThat(pixels(decoder, latents(1, 8, 8, 1), seed(42))).isEqualTo(expected);
    }
  }

  @Test
  void aSwitchThrownBetweenStepsStopsTheDecode() {
    assumeTrue(usesNoise(), "the decoder has one step");
    try (LatentDecoder decoder = open()) {
      float[] expected = pixels(decoder, latents(1, 8, 8, 1), seed(42));
      Cancellation cancellation = new Cancellation();
      DecodeListener listener =
          new DecodeListener() {
            @Override
            public void stepFinished(int step, int steps, long nanos) {
              cancellation.cancel();
            }
          };
      DecodeOptions options =
          seed(42).toBuilder().cancellation(cancellation).listener(listener).build();
      assertCode(DecoderErrorCode.CANCELLED, () -> decoder.decode(latents(1, 8, 8, 1), options));
      assertThat(pixels(decoder, latents(1, 8, 8, 1), seed(42))).isEqualTo(expected);
    }
  }

  @Test
  void concurrentDecodesEqualTheSequentialOnes() throws Exception {
    try (LatentDecoder decoder = open()) {
      List<float[]> sequential = new ArrayList<>();
      for (int k = 0; k < 2; k++) {
        sequential.add(pixels(decoder, latents(1, 8, 8, k), seed(k)));
      }
      // Both decodes wait for each other in their first step; a decoder that runs one at a time
      // lets the wait run out.
      CountDownLatch together = new CountDownLatch(2);
      List<Future<float[]>> running = new ArrayList<>();
      ExecutorService threads = Executors.newFixedThreadPool(2);
      try {
        for (int k = 0; k < 2; k++) {
          Latents latents = latents(1, 8, 8, k);
          DecodeOptions options = seed(k).toBuilder().listener(meeting(together)).build();
          running.add(threads.submit(() -> pixels(decoder, latents, options)));
        }
        for (int k = 0; k < 2; k++) {
          assertThat(running.get(k).get(60, TimeUnit.SECONDS)).isEqualTo(sequential.get(k));
        }
      } finally {
        threads.shutdownNow();
      }
    }
  }

  @Test
  void closeWaitsForARunningDecode() throws Exception {
    LatentDecoder decoder = open();
    ExecutorService threads = Executors.newFixedThreadPool(2);
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    try {
      float[] expected = pixels(decoder, latents(1, 8, 8, 1), seed(42));
      DecodeListener listener =
          new DecodeListener() {
            @Override
            public void stepStarted(int step, int steps, int timestep) {
              started.countDown();
              await(release, 60_000);
            }
          };
      DecodeOptions options = seed(42).toBuilder().listener(listener).build();
      Future<float[]> decoded = threads.submit(() -> pixels(decoder, latents(1, 8, 8, 1), options));
      await(started, 60_000);
      Future<?> closed = threads.submit(decoder::close);
      assertThatExceptionOfType(TimeoutException.class)
          .as("close while a decode runs")
          .isThrownBy(() -> closed.get(100, TimeUnit.MILLISECONDS));
      release.countDown();
      assertThat(decoded.get(60, TimeUnit.SECONDS)).isEqualTo(expected);
      closed.get(60, TimeUnit.SECONDS);
    } finally {
      release.countDown();
      threads.shutdownNow();
      decoder.close();
    }
  }

  @Test
  void nothingWorksAfterClose() {
    LatentDecoder decoder = open();
    decoder.close();
    assertThatIllegalStateException()
        .as("decode")
        .isThrownBy(() -> decoder.decode(latents(1, 8, 8, 1), seed(42)));
    assertThatIllegalStateException()
        .as("estimate")
        .isThrownBy(() -> decoder.estimate(1, 8, 8, DecodeOptions.defaults()));
    assertThatIllegalStateException().as("info").isThrownBy(decoder::info);
  }

  @Test
  void secondCloseDoesNothing() {
    LatentDecoder decoder = open();
    decoder.close();
    assertThatNoException().isThrownBy(decoder::close);
  }

  private static DecodeOptions seed(long seed) {
    return DecodeOptions.builder().seed(seed).build();
  }

  private static DecodeOptions noise(Noise noise) {
    return DecodeOptions.builder().noise(noise).build();
  }

  private static float[] pixels(LatentDecoder decoder, Latents latents, DecodeOptions options) {
    Pixels pixels = decoder.decode(latents, options).pixels();
    float[] values = new float[pixels.values().remaining()];
    pixels.values().get(values);
    return values;
  }

  private static float[] values(Latents latents) {
    float[] values = new float[latents.size()];
    latents.values().get(values);
    return values;
  }

  private static DecodeListener meeting(CountDownLatch together) {
    return new DecodeListener() {
      @Override
      public void stepStarted(int step, int steps, int timestep) {
        together.countDown();
        await(together, 1000);
      }
    };
  }

  private static void await(CountDownLatch latch, long millis) {
    try {
      boolean reached = latch.await(millis, TimeUnit.MILLISECONDS);
      if (!reached && millis > 1000) {
        throw new AssertionError("nothing happened for " + millis + " ms");
      }
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted", e);
    }
  }

  private static void assertClose(float[] actual, float[] expected, float tolerance) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.length; i++) {
      if (!(Math.abs(actual[i] - expected[i]) <= tolerance)) {
        throw new AssertionError(
            "value " + i + " is " + actual[i] + ", not " + expected[i] + " within " + tolerance);
      }
    }
  }

  private static void assertCode(DecoderErrorCode code, ThrowingCallable call) {
    assertThatExceptionOfType(DecoderException.class)
        .isThrownBy(call)
        .extracting(DecoderException::code)
        .isEqualTo(code);
  }
}
