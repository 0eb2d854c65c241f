package io.github.consistencydecoder.core.tiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.core.Distances;
import io.github.consistencydecoder.core.sampler.StepEvaluator;
import io.github.consistencydecoder.core.sampler.StepInputs;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Overlapped tiles give nearly the whole picture, at any size, and show no seams. */
class TilesTest {
  /** The least that tiles have to reach, in dB. */
  private static final double LEAST_PSNR = 40;

  private static final double MOST_SEAM_RATIO = 1.05;

  /** Two evaluations of a network in two steps, with statistics taken by different operators. */
  private static final float ROUNDING = 5e-5f;

  @TempDir static Path cache;
  private static TiledDecodes tiny;

  @BeforeAll
  static void open() {
    tiny = TiledDecodes.open("tiny", "direct", cache);
  }

  @AfterAll
  static void close() throws IOException {
    tiny.close();
  }

  private static TilePlan plan(int tile, int overlap) {
    return new TilePlan(tile, overlap, Long.MAX_VALUE);
  }

  @Test
  void aDividedPictureIsNearlyTheWholeOneAndShowsNoSeam() {
    assertNearlyWholeWithoutSeams(48, 32, 12);
  }

  @Test
  @Tag("slow")
  void aLargePictureIsNearlyTheWholeOneAndShowsNoSeam() {
    assertNearlyWholeWithoutSeams(128, 64, 16);
  }

  private static void assertNearlyWholeWithoutSeams(int side, int tile, int overlap) {
    float[] features = TiledDecodes.features(side, side);
    float[] whole = tiny.decode(1, side, side, features, tiny.untiled());
    float[] tiled = tiny.decode(1, side, side, features, tiny.tiles(plan(tile, overlap)));
    TileAxis axis = new TileAxis(side, tile, overlap);
    assertThat(TiledDecodes.psnr(tiled, whole)).isGreaterThan(LEAST_PSNR);
    assertThat(SeamRatio.of(tiled, whole, 8 * side, 8 * side, axis, axis))
        .isLessThan(MOST_SEAM_RATIO);
  }

  @ParameterizedTest
  @CsvSource({"1,1", "5,30", "24,24", "24,7"})
  void aPictureOfOneTileIsTheWholePicture(int height, int width) {
    float[] features = TiledDecodes.features(height, width);
    float[] whole = tiny.decode(1, height, width, features, tiny.untiled());
    float[] tiled = tiny.decode(1, height, width, features, tiny.tiles(plan(30, 8)));
    assertThat(Distances.worst(whole, tiled)).isLessThan(ROUNDING);
  }

  @Tag("slow")
  @ParameterizedTest
  @CsvSource({"33,50", "61,9", "25,24"})
  void sizesThatAreNoMultiplesOfTheTileAreNearlyWhole(int height, int width) {
    float[] features = TiledDecodes.features(height, width);
    float[] whole = tiny.decode(1, height, width, features, tiny.untiled());
    float[] tiled = tiny.decode(1, height, width, features, tiny.tiles(plan(24, 8)));
    assertThat(TiledDecodes.psnr(tiled, whole)).isGreaterThan(30);
    // Not a whole evaluation in disguise.
    assertThat(Distances.worst(whole, tiled)).isGreaterThan(ROUNDING);
  }

  @Tag("slow")
  @Test
  void tilesWithTheirOwnStatisticsAndNoOverlapFailBothMeasures() {
    int side = 48;
    TileAxis axis = new TileAxis(side, 16, 0);
    float[] features = TiledDecodes.features(side, side);
    float[] whole = tiny.decode(1, side, side, features, tiny.untiled());
    float[] naive = tiny.decode(1, side, side, features, naive(axis));
    assertThat(TiledDecodes.psnr(naive, whole)).isLessThan(LEAST_PSNR);
    assertThat(SeamRatio.of(naive, whole, 8 * side, 8 * side, axis, axis))
        .isGreaterThan(MOST_SEAM_RATIO);
  }

  /** What must not be done: every tile a picture of its own. */
  private static StepEvaluator naive(TileAxis axis) {
    return (in, noisy, image, cancellation) -> {
      for (int row = 0; row < axis.count(); row++) {
        for (int column = 0; column < axis.count(); column++) {
          Tiles.Patch tile = new Tiles.Patch(axis.tile(row), axis.tile(column));
          float[] part = tile.pixels(in, 0, noisy);
          tiny.untiled().evaluate(tile.inputs(in, 0, in.conditioning()), part, part, cancellation);
          int width = 8 * in.width();
          int side = 8 * axis.length();
          for (int i = 0; i < part.length; i++) {
            int y = 8 * axis.start(row) + i / side % side;
            image[
                    (i / (side * side) * 8 * in.height() + y) * width
                        + 8 * axis.start(column)
                        + i % side] =
                part[i];
          }
        }
      }
    };
  }

  @Test
  void eachPictureOfABatchHasItsOwnStatistics() {
    int height = 20;
    int width = 30;
    float[] one = TiledDecodes.features(height, width);
    float[] other = new float[one.length];
    Arrays.fill(other, 0.25f);
    float[] both = Arrays.copyOf(one, 2 * one.length);
    System.arraycopy(other, 0, both, one.length, one.length);
    int values = 3 * 64 * height * width;
    float[] noisy = new float[2 * values];
    for (int i = 0; i < noisy.length; i++) {
      noisy[i] = (float) Math.sin(i * 1.7);
    }
    float[] together = new float[2 * values];
    float[] alone = new float[values];
    evaluate(inputs(2, height, width, both), noisy, together);
    evaluate(inputs(1, height, width, one), Arrays.copyOf(noisy, values), alone);
    assertThat(Arrays.copyOf(together, values)).isEqualTo(alone);
    evaluate(inputs(1, height, width, other), Arrays.copyOfRange(noisy, values, 2 * values), alone);
    assertThat(Arrays.copyOfRange(together, values, 2 * values)).isEqualTo(alone);
  }

  private static StepInputs inputs(int batch, int height, int width, float[] features) {
    return new StepInputs(
        batch, height, width, features, tiny.conditioning(512), new float[] {1.2f, 0.4f, 0.3f});
  }

  private static void evaluate(StepInputs in, float[] noisy, float[] image) {
    tiny.tiles(plan(16, 4)).evaluate(in, noisy, image, new Cancellation());
  }

  @Test
  void winogradsFormGivesTheSamePicture(@TempDir Path other)
      throws IOException, URISyntaxException {
    Path mini = Path.of(getClass().getResource("/formats/f32/diffusers").toURI());
    float[] features = TiledDecodes.features(13, 21);
    try (TiledDecodes direct = TiledDecodes.open(mini.toString(), "direct", other);
        TiledDecodes winograd = TiledDecodes.open(mini.toString(), "winograd", other)) {
      float[] expected = direct.decode(1, 13, 21, features, direct.tiles(plan(10, 3)));
      float[] found = winograd.decode(1, 13, 21, features, winograd.tiles(plan(10, 3)));
      assertThat(Distances.worst(expected, found)).isLessThan(ROUNDING);
      assertThat(found).isNotEqualTo(expected);
      float[] whole = winograd.decode(1, 10, 9, TiledDecodes.features(10, 9), winograd.untiled());
      float[] tile =
          winograd.decode(1, 10, 9, TiledDecodes.features(10, 9), winograd.tiles(plan(10, 3)));
      assertThat(Distances.worst(whole, tile)).isLessThan(ROUNDING);
    }
  }

  @Test
  void aCancelledEvaluationStopsAtTheNextTile() {
    Cancellation cancelled = new Cancellation();
    cancelled.cancel();
    StepInputs in = inputs(1, 20, 30, TiledDecodes.features(20, 30));
    float[] noisy = new float[3 * 64 * 600];
    assertThatThrownBy(() -> tiny.tiles(plan(16, 4)).evaluate(in, noisy, noisy.clone(), cancelled))
        .isInstanceOfSatisfying(
            DecoderException.class,
            e -> assertThat(e.code()).isEqualTo(DecoderErrorCode.CANCELLED));
  }
}
