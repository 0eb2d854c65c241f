package io.github.consistencydecoder.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole way with the bundled model: store, reader, graph, runtime, sampler, picture. */
final class DemoCommandTest {
  /**
   * Left, top, and the mean red, green and blue of 32x32 pixels there, measured in the crop of
   * chelsea.png: background, nose, eye, chest.
   */
  private static final int[][] PLACES = {
    {400, 8, 99, 70, 55},
    {240, 224, 105, 49, 28},
    {136, 88, 107, 84, 46},
    {60, 240, 183, 150, 135},
  };

  @TempDir private Path folder;

  @Test
  void demoDrawsTheCatAndSaysWhere() throws IOException {
    CommandRun run = CommandRun.of("demo", "-o", folder, "--cache", folder.resolve("cache"));

    assertThat(run.code()).as(run.err()).isZero();
    Path picture = folder.resolve("consistency-decoder-demo.png");
    assertThat(run.out()).isEqualTo(picture + System.lineSeparator());
    assertThat(run.err()).contains("preview model 'tiny'");
    BufferedImage read = ImageIO.read(picture.toFile());
    assertThat(read.getWidth()).isEqualTo(448);
    assertThat(read.getHeight()).isEqualTo(296);
    assertLooksLikeTheCat(read);
  }

  /**
   * The picture's mean colours at four places against the photograph's. A picture of the wrong
   * scale or with swapped channels misses them by far more than what the encoder and this preview
   * of a model lose.
   */
  private static void assertLooksLikeTheCat(BufferedImage picture) {
    for (int[] place : PLACES) {
      double[] sum = new double[3];
      for (int y = 0; y < 32; y++) {
        for (int x = 0; x < 32; x++) {
          int rgb = picture.getRGB(place[0] + x, place[1] + y);
          for (int c = 0; c < 3; c++) {
            sum[c] += rgb >> (16 - 8 * c) & 0xff;
          }
        }
      }
      for (int c = 0; c < 3; c++) {
        assertThat(sum[c] / 1024)
            .as("channel %d at %d,%d", c, place[0], place[1])
            .isBetween(place[2 + c] - 25.0, place[2 + c] + 25.0);
      }
    }
  }

  @Test
  void coldAndCachedAndWithOneThreadTheBytesAreTheSame() {
    Path cache = folder.resolve("cache");
    CommandRun.of("demo", "-o", folder.resolve("cold"), "--cache", cache);
    CommandRun.of("demo", "-o", folder.resolve("cached"), "--cache", cache);
    CommandRun.of("demo", "-o", folder.resolve("one"), "--cache", cache, "--threads", 1);

    Path cold = folder.resolve("cold").resolve("consistency-decoder-demo.png");
    assertThat(folder.resolve("cached").resolve("consistency-decoder-demo.png"))
        .hasSameBinaryContentAs(cold);
    assertThat(folder.resolve("one").resolve("consistency-decoder-demo.png"))
        .hasSameBinaryContentAs(cold);
  }

  @Test
  void demoMayBeRunAgain() {
    assertThat(CommandRun.of("demo", "-o", folder, "--steps", 1).code()).isZero();
    assertThat(CommandRun.of("demo", "-o", folder, "--steps", 1).code()).isZero();
  }
}
