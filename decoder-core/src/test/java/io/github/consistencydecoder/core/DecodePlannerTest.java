package io.github.consistencydecoder.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.core.DecodePlan.Manner;
import io.github.consistencydecoder.core.DecodePlanner.Task;
import io.github.consistencydecoder.core.memory.MemoryLedger;
import io.github.consistencydecoder.core.runtime.NetworkRunner.StepInputs;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Tiling;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DecodePlannerTest {
  private static final long MB = 1_000_000;

  /**
   * One step of a picture of 64x64 cells: 6.3 MB of arrays in Java, 3.1 MB of a copy, 12.6 MB
   * besides.
   */
  private static final Task ONE = new Task(1, 64, 64, 1);

  /** 100 MB a picture. */
  private static final class Whole implements WholeStep {
    private int together;
    private long pictureBytes = 100 * MB;

    @Override
    public int largestBatch(int height, int width) {
      return 8;
    }

    @Override
    public long runBytes(int pictures, int height, int width) {
      return pictureBytes * pictures;
    }

    @Override
    public void evaluate(
        StepInputs in, int most, float[] noisy, float[] image, Cancellation cancellation) {
      together = most;
    }
  }

  /** Bands take 50 MB, or 30 with 70 on disk; tiles take 10. */
  private static class Divided implements Divisions {
    @Override
    public Optional<DecodePlan> bands(int height, int width, long bytes) {
      if (bytes < 30 * MB) {
        return Optional.empty();
      }
      boolean spilled = bytes < 50 * MB;
      return Optional.of(
          plan(Manner.BANDS, (spilled ? 30 : 50) * MB, (spilled ? 70 : 0) * MB, "bands of 8 rows"));
    }

    @Override
    public Optional<DecodePlan> tiles(int height, int width, long bytes, WholeStep whole) {
      return bytes < 10 * MB
          ? Optional.empty()
          : Optional.of(plan(Manner.TILES, 10 * MB, 0, "tiles of 256 pixels"));
    }

    private static DecodePlan plan(Manner manner, long peak, long spill, String part) {
      return new DecodePlan(manner, peak, spill, part, (in, noisy, image, cancellation) -> {});
    }

    @Override
    public void close() {}
  }

  private final Whole whole = new Whole();
  private final DecodePlanner planner = new DecodePlanner(whole, new Divided());

  private DecodePlan plan(Task task, Tiling tiling, long megabytes) {
    return planner.plan(task, tiling, new MemoryLedger(megabytes * MB + 7 * MB, () -> 7 * MB));
  }

  @Test
  void theFastestWayThatFitsIsTaken() {
    assertThat(plan(ONE, Tiling.AUTO, 123)).hasToString("whole, 1 picture at a time, 123 MB");
    assertThat(plan(ONE, Tiling.AUTO, 122)).hasToString("exact, bands of 8 rows, 73 MB");
    assertThat(plan(ONE, Tiling.AUTO, 60))
        .hasToString("exact, bands of 8 rows, 53 MB and 70 MB on disk");
    assertThat(plan(ONE, Tiling.AUTO, 40)).hasToString("overlapped, tiles of 256 pixels, 33 MB");
  }

  @Test
  void bandsAreTakenWhereTheWholeTakesMuchThoughItFits() {
    whole.pictureBytes = 3000 * MB;
    assertThat(plan(ONE, Tiling.AUTO, 9000)).hasToString("exact, bands of 8 rows, 73 MB");
    assertThat(plan(ONE, Tiling.EXACT, 9000).manner()).isEqualTo(Manner.BANDS);
    assertThat(plan(ONE, Tiling.WHOLE, 9000).manner()).isEqualTo(Manner.WHOLE);
    whole.pictureBytes = 2000 * MB;
    assertThat(plan(ONE, Tiling.AUTO, 9000).manner()).isEqualTo(Manner.WHOLE);
  }

  @Test
  void theDiskIsNotUsedWhereTheWholeFits() {
    whole.pictureBytes = 3000 * MB;
    DecodePlanner onDisk =
        new DecodePlanner(
            whole,
            new Divided() {
              @Override
              public Optional<DecodePlan> bands(int height, int width, long bytes) {
                return super.bands(height, width, 40 * MB);
              }
            });
    DecodePlan plan = onDisk.plan(ONE, Tiling.AUTO, new MemoryLedger(9000 * MB, () -> 0));
    assertThat(plan.manner()).isEqualTo(Manner.WHOLE);
  }

  @Test
  void exactNeverMeansTiles() {
    assertThat(plan(ONE, Tiling.EXACT, 123).manner()).isEqualTo(Manner.WHOLE);
    assertThat(plan(ONE, Tiling.EXACT, 122).manner()).isEqualTo(Manner.BANDS);
    assertThatThrownBy(() -> plan(ONE, Tiling.EXACT, 40))
        .isInstanceOf(DecoderException.class)
        .hasMessage(
            "decoding a picture of 512x512 pixels takes 123 MB whole, at least 53 MB in bands with"
                + " 70 MB on disk; 40 MB are left of the limit of 47 MB: raise it with the setting"
                + " 'memory', or decode a smaller picture");
  }

  @Test
  void wholeIsNeverDivided() {
    assertThatThrownBy(() -> plan(ONE, Tiling.WHOLE, 121))
        .isInstanceOf(DecoderException.class)
        .hasMessageContaining(
            "takes 123 MB whole; 121 MB are left of the limit of 128 MB: raise it with the setting"
                + " 'memory', or allow dividing the picture, or decode a smaller picture")
        .extracting(e -> ((DecoderException) e).code())
        .isEqualTo(DecoderErrorCode.OUT_OF_MEMORY);
  }

  @Test
  void tilesThatWereAskedForAreTakenThoughThePictureFits() {
    DecodePlan plan = plan(ONE, Tiling.OVERLAPPED, 1000);
    assertThat(plan.manner()).isEqualTo(Manner.TILES);
    assertThat(plan.changesPixels()).isTrue();
  }

  @Test
  void aRefusalNamesEveryWayThatWasAllowed() {
    assertThatThrownBy(() -> plan(ONE, Tiling.AUTO, 20))
        .hasMessageContaining("123 MB whole, at least 53 MB in bands with 70 MB on disk, at least")
        .hasMessageContaining("33 MB in overlapping tiles; 20 MB are left");
  }

  @Test
  void aBatchIsDecodedWithAsManyPicturesAtOnceAsFit() {
    Task four = new Task(4, 64, 64, 1);
    assertThat(plan(four, Tiling.AUTO, 1000)).hasToString("whole, 4 pictures at a time, 451 MB");
    DecodePlan two = plan(four, Tiling.AUTO, 440);
    assertThat(two).hasToString("whole, 2 pictures at a time, 245 MB");
    two.step().evaluate(null, null, null, null);
    assertThat(whole.together).isEqualTo(2);
  }

  @Test
  void picturesAloneNeedNoDivisions() {
    DecodePlanner alone = new DecodePlanner(whole, Divisions.NONE);
    assertThatThrownBy(() -> alone.plan(ONE, Tiling.AUTO, new MemoryLedger(100 * MB, () -> 7 * MB)))
        .hasMessageContaining("takes 123 MB whole; 93 MB are left");
  }
}
