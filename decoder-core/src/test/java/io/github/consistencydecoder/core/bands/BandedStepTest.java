package io.github.consistencydecoder.core.bands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.core.Distances;
import io.github.consistencydecoder.core.runtime.SessionSettings.Convolutions;
import io.github.consistencydecoder.core.sampler.StepInputs;
import io.github.consistencydecoder.models.network.SyntheticWeights;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The same picture in bands as at once, in memory and through a file. */
class BandedStepTest {
  /**
   * A hundredth of what tiling may be off. Both sides compute in float32 and differ in the order of
   * sums only.
   */
  private static final float TOLERANCE = 2e-5f;

  @TempDir static Path folder;
  private static BandedNetwork direct;
  private static BandedNetwork winograd;

  @TempDir Path spill;

  @BeforeAll
  static void open() throws IOException {
    direct =
        BandedNetwork.synthetic(SyntheticWeights.reducedNetwork(), folder, Convolutions.DIRECT);
    winograd =
        BandedNetwork.synthetic(SyntheticWeights.reducedNetwork(), folder, Convolutions.WINOGRAD);
  }

  @AfterAll
  static void close() {
    winograd.close();
    direct.close();
  }

  private BandPlan spilling(BandedNetwork network, int height, int width, int rows) {
    return network.spillingEverything(height, width, rows).withSpillFolder(spill);
  }

  @ParameterizedTest
  @CsvSource({"64,64,32", "72,200,16", "64,64,64", "40,24,8", "8,8,8"})
  void picturesInBandsAreThoseAtOnce(int height, int width, int rows) {
    float[] found = direct.banded(1, direct.inMemory(height, width, rows));
    assertThat(Distances.worst(direct.whole(1, height, width), found)).isLessThan(TOLERANCE);
  }

  /** Sums of a million values differ in float32 by how they are divided. */
  @ParameterizedTest
  @CsvSource({
    "136,72,64,2e-5",
    "264,40,128,2e-5",
    "264,520,64,2e-5",
    "520,392,128,2e-5",
    "1024,1024,128,1e-4"
  })
  @Tag("slow")
  void largePicturesToo(int height, int width, int rows, float tolerance) {
    float[] found = direct.banded(1, direct.inMemory(height, width, rows));
    assertThat(Distances.worst(direct.whole(1, height, width), found)).isLessThan(tolerance);
  }

  @ParameterizedTest
  @CsvSource({"64,64,32", "72,200,16", "40,24,8", "24,8,16", "104,136,64"})
  void inWinogradsFormToo(int height, int width, int rows) {
    assertThat(winograd.tiled()).isTrue();
    float[] found = winograd.banded(1, winograd.inMemory(height, width, rows));
    assertThat(Distances.worst(direct.whole(1, height, width), found)).isLessThan(TOLERANCE);
  }

  @Test
  void whatWaitsInAFileIsTheSameToTheBit() {
    assertSameThroughFile(direct, 72, 200, 16);
    assertSameThroughFile(winograd, 72, 200, 16);
    assertSameThroughFile(direct, 40, 24, 8);
  }

  private void assertSameThroughFile(BandedNetwork network, int height, int width, int rows) {
    BandPlan plan = spilling(network, height, width, rows);
    BandPlan inMemory = network.inMemory(height, width, rows);
    assertThat(plan.spilled()).hasSize(new BandSchedule(network.network()).tensors().size());
    assertThat(inMemory.spilled()).isEmpty();
    assertThat(network.banded(1, plan)).isEqualTo(network.banded(1, inMemory));
  }

  @Test
  void everyDegreeOfSpillingGivesTheSamePicture() {
    float[] expected = direct.banded(1, direct.inMemory(64, 32, 16));
    long most = direct.inMemory(64, 32, 16).peakBytes();
    long least = direct.spillingEverything(64, 32, 16).peakBytes();
    assertThat(least).isLessThan(most);
    int last = -1;
    for (int i = 0; i <= 4; i++) {
      BandPlan plan = direct.plan(64, 32, 16, most - i * (most - least) / 4).withSpillFolder(spill);
      assertThat(plan.spilled().size()).isGreaterThan(last);
      assertThat(direct.banded(1, plan)).isEqualTo(expected);
      last = plan.spilled().size();
    }
  }

  @Test
  void aBatchGivesWhatItsPicturesGiveAtOnce() {
    float[] found = direct.banded(2, direct.inMemory(40, 32, 16));
    assertThat(Distances.worst(direct.whole(2, 40, 32), found)).isLessThan(TOLERANCE);
    int half = found.length / 2;
    assertThat(Arrays.copyOf(found, half)).isNotEqualTo(Arrays.copyOfRange(found, half, 2 * half));
  }

  @Test
  void severalThreadsGetTheirOwnPictures() {
    BandPlan small = spilling(direct, 40, 24, 8);
    BandPlan large = direct.inMemory(64, 32, 16);
    float[] first = direct.banded(1, small);
    float[] second = direct.banded(1, large);
    CompletableFuture<float[]> a = CompletableFuture.supplyAsync(() -> direct.banded(1, small));
    CompletableFuture<float[]> b = CompletableFuture.supplyAsync(() -> direct.banded(1, large));
    assertThat(a.join()).isEqualTo(first);
    assertThat(b.join()).isEqualTo(second);
  }

  @Test
  void theFileIsGoneAfterwards() throws IOException {
    direct.banded(1, spilling(direct, 40, 24, 8));
    assertNothingLeft();
  }

  private void assertNothingLeft() throws IOException {
    try (Stream<Path> left = Files.list(spill)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void aCancelledDecodeEndsSoonAndLeavesNothing() throws Exception {
    BandPlan plan = spilling(direct, 256, 256, 32);
    Cancellation cancellation = new Cancellation();
    StepInputs in = direct.inputs(1, 256, 256);
    float[] noisy = BandedNetwork.noisy(1, 256, 256);
    CompletableFuture<Void> decode = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                direct.evaluate(in, noisy, new float[noisy.length], plan, cancellation);
                decode.complete(null);
              } catch (Throwable e) {
                decode.completeExceptionally(e);
              }
            });
    thread.start();
    while (thread.isAlive() && !isInside(thread, "StageSession")) {
      LockSupport.parkNanos(1_000_000);
    }
    cancellation.cancel();
    assertThatThrownBy(() -> decode.get(10, TimeUnit.SECONDS))
        .cause()
        .isInstanceOfSatisfying(
            DecoderException.class,
            e -> assertThat(e.code()).isEqualTo(DecoderErrorCode.CANCELLED));
    assertNothingLeft();
  }

  private static boolean isInside(Thread thread, String className) {
    return Arrays.stream(thread.getStackTrace())
        .anyMatch(f -> f.getClassName().endsWith("." + className));
  }

  @Test
  void aFolderThatCannotBeWrittenIsNamed() {
    BandPlan plan = spilling(direct, 40, 24, 8).withSpillFolder(spill.resolve("absent"));
    assertThatThrownBy(() -> direct.banded(1, plan))
        .isInstanceOfSatisfying(
            DecoderException.class,
            e -> assertThat(e.code()).isEqualTo(DecoderErrorCode.OUT_OF_MEMORY))
        .hasMessageContaining("absent")
        .hasMessageContaining(plan.spillBytes() / 1_000_000 + " MB");
  }

  @Test
  void aPlanForAnotherSizeIsRefused() {
    BandPlan plan = direct.inMemory(64, 32, 16);
    float[] image = new float[3 * 32 * 64];
    assertThatThrownBy(
            () -> direct.evaluate(direct.inputs(1, 32, 64), image, image, plan, new Cancellation()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("32x64")
        .hasMessageContaining("64x32");
  }
}
