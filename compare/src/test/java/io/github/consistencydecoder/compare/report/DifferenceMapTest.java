package io.github.consistencydecoder.compare.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.compare.TestPictures;
import io.github.consistencydecoder.formats.pictures.Picture;
import java.util.List;
import org.junit.jupiter.api.Test;

class DifferenceMapTest {
  private static Picture ramp(int[] levels) {
    byte[] rgb = new byte[3 * levels.length];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) levels[i / 3];
    }
    return Picture.of(levels.length, 1, rgb);
  }

  private static int lightness(Picture picture, int x) {
    return 2 * picture.level(x, 0, 0) + 5 * picture.level(x, 0, 1) + picture.level(x, 0, 2);
  }

  @Test
  void moreDifferenceIsLighterUpToTheEndOfTheScale() {
    Picture map =
        DifferenceMap.of(
                ramp(new int[] {100, 101, 104, 110, 116, 200}), TestPictures.flat(6, 1, 100))
            .picture(16);
    for (int x = 1; x < 5; x++) {
      assertThat(lightness(map, x)).isGreaterThan(lightness(map, x - 1));
    }
    assertThat(lightness(map, 5)).isEqualTo(lightness(map, 4));
  }

  @Test
  void theScaleSuitsAllMapsButForAFewPixels() {
    Picture flat = TestPictures.flat(40, 40, 100);
    DifferenceMap small = DifferenceMap.of(TestPictures.flat(40, 40, 108), flat);
    assertThat(DifferenceMap.scaleFor(List.of(small))).isEqualTo(8);
    byte[] rgb = TestPictures.flat(40, 40, 108).rgb();
    for (int i = 0; i < 3 * 8; i++) {
      rgb[i] = (byte) 255;
    }
    assertThat(DifferenceMap.scaleFor(List.of(DifferenceMap.of(Picture.of(40, 40, rgb), flat))))
        .as("8 pixels of 1600 are one in two hundred")
        .isEqualTo(8);
    for (int i = 0; i < 3 * 9; i++) {
      rgb[i] = (byte) 255;
    }
    assertThat(DifferenceMap.scaleFor(List.of(DifferenceMap.of(Picture.of(40, 40, rgb), flat))))
        .isEqualTo(255);
  }

  @Test
  void theGradientInTheReportHasTheColoursOfTheMap() {
    assertThat(ColourScale.css())
        .contains(
            String.format(
                "#%02x%02x%02x",
                ColourScale.level(0, 0), ColourScale.level(0, 1), ColourScale.level(0, 2)))
        .contains(
            String.format(
                "#%02x%02x%02x",
                ColourScale.level(0.6, 0), ColourScale.level(0.6, 1), ColourScale.level(0.6, 2)))
        .endsWith(
            String.format(
                "#%02x%02x%02x)",
                ColourScale.level(1, 0), ColourScale.level(1, 1), ColourScale.level(1, 2)));
  }
}
