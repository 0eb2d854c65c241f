package io.github.consistencydecoder.core.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.core.memory.MemoryLedger;
import io.github.consistencydecoder.core.plan.Planner.Task;
import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Tiling;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class PlannerTest {
  private static final long MB = 1_000_000;

  /**
   * One step of a picture of 64x64 cells: 6.3 MB of arrays in Java, 3.1 MB of a copy, 12.6 MB
   * besides.
   */
  private static final Task ONE = new Task(1, 64, 64, 1);

  /**
   * Whole pictures take 100 MB each; bands take 50 MB, or 30 with 70 on disk; tiles take 10. A
   * picture of {@code steps} takes as many operations.
   */
  private static class Network implements Evaluators {
    private long pictureBytes = 100 * MB;
    private OptionalLong deviceBytes = OptionalLong.empty();

    @Override
    public int largestBatch(int height, int width) {
      return 8;
    }

    @Override
    public Planned whole(int together, int height, int width) {
      String part = together == 1 ? "1 picture at a time" : together + " pictures at a time";
      return plan(Tiling.WHOLE, pictureBytes * together, 0, part);
    }

    @Override
    public Optional<Planned> bands(int height, int width, long bytes) {
      if (bytes < 30 * MB) {
        return Optional.empty();
      }
      boolean spilled = bytes < 50 * MB;
      return Optional.of(
          plan(Tiling.EXACT, (spilled ? 30 : 50) * MB, (spilled ? 70 : 0) * MB, "bands of 8 rows"));
    }

    @Override
    public Optional<Planned> tiles(int height, int width, long bytes) {
      return bytes < 10 * MB
          ? Optional.empty()
          : Optional.of(plan(Tiling.OVERLAPPED, 10 * MB, 0, "tiles of 256 pixels"));
    }

    private static Planned plan(Tiling tiling, long peak, long spill, String part) {
      return new Planned(tiling, peak, spill, part, (in, noisy, image, cancellation) -> {});
    }

    @Override
    public double operations(Task task) {
      return task.batch() * task.steps();
    }

    @Override
    public OptionalLong deviceBytes(Task task) {
      return deviceBytes;
    }

    @Override
    public void close() {}
  }

  private final Network network = new Network();

  private static Planner planner(Evaluators evaluators, long megabytes) {
    return new Planner(
        evaluators, new MemoryLedger(megabytes * MB + 7 * MB, () -> 7 * MB, () -> 0));
  }

  private Planned plan(Task task, Tiling tiling, long megabytes) {
    return planner(network, megabytes).plan(task, tiling);
  }

  @Test
  void anEstimateIsReadOffThePlan() {
    Task three = new Task(1, 64, 64, 3);
    for (long megabytes : new long[] {1000, 60, 40}) {
      assertThat(planner(network, megabytes).estimate(three, Tiling.AUTO))
          .isEqualTo(new DecodeEstimate(3, plan(three, Tiling.AUTO, megabytes).peakBytes()));
    }
  }

  @Test
  void whatWouldBeRefusedIsEstimatedWhole() {
    assertThat(planner(network, 20).estimate(ONE, Tiling.AUTO).peakBytes())
        .isEqualTo(plan(ONE, Tiling.WHOLE, 1000).peakBytes());
  }

  @Test
  void onADeviceItsMemoryIsEstimated() {
    network.deviceBytes = OptionalLong.of(5);
    assertThat(planner(network, 20).estimate(ONE, Tiling.AUTO)).isEqualTo(new DecodeEstimate(1, 5));
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
    network.pictureBytes = 3000 * MB;
    assertThat(plan(ONE, Tiling.AUTO, 9000)).hasToString("exact, bands of 8 rows, 73 MB");
    assertThat(plan(ONE, Tiling.EXACT, 9000).tiling()).isEqualTo(Tiling.EXACT);
    assertThat(plan(ONE, Tiling.WHOLE, 9000).tiling()).isEqualTo(Tiling.WHOLE);
    network.pictureBytes = 2000 * MB;
    assertThat(plan(ONE, Tiling.AUTO, 9000).tiling()).isEqualTo(Tiling.WHOLE);
  }

  @Test
  void theDiskIsNotUsedWhereTheWholeFits() {
    network.pictureBytes = 3000 * MB;
    Network onDisk =
        new Network() {
          @Override
          public Optional<Planned> bands(int height, int width, long bytes) {
            return super.bands(height, width, 40 * MB);
          }
        };
    onDisk.pictureBytes = network.pictureBytes;
    assertThat(planner(onDisk, 9000).plan(ONE, Tiling.AUTO).tiling()).isEqualTo(Tiling.WHOLE);
  }

  @Test
  void exactNeverMeansTiles() {
    assertThat(plan(ONE, Tiling.EXACT, 123).tiling()).isEqualTo(Tiling.WHOLE);
    assertThat(plan(ONE, Tiling.EXACT, 122).tiling()).isEqualTo(Tiling.EXACT);
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
    Planned plan = plan(ONE, Tiling.OVERLAPPED, 1000);
    assertThat(plan.tiling()).isEqualTo(Tiling.OVERLAPPED);
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
    assertThat(plan(four, Tiling.AUTO, 440)).hasToString("whole, 2 pictures at a time, 245 MB");
  }
}
