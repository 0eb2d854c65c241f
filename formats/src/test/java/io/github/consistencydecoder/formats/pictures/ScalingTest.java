package io.github.consistencydecoder.formats.pictures;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against Pillow's bicubic filter on noise; the files are made by make_scaling_goldens.py. */
final class ScalingTest {
  private static Picture picture(String name) throws IOException {
    try (InputStream in = ScalingTest.class.getResourceAsStream("/scaling/" + name + ".png")) {
      return new PictureReader().read(name, in.readAllBytes()).picture();
    }
  }

  @ParameterizedTest
  @CsvSource({"16, 8", "64, 40", "23, 9", "5, 17", "1, 1"})
  void picturesAreScaledAsPillowScalesThem(int width, int height) throws IOException {
    byte[] expected = picture(width + "x" + height).rgb();

    byte[] found = Scaling.scale(picture("source"), width, height).rgb();

    assertThat(found).hasSameSizeAs(expected);
    int worst = 0;
    for (int i = 0; i < found.length; i++) {
      worst = Math.max(worst, Math.abs((found[i] & 0xff) - (expected[i] & 0xff)));
    }
    // Pillow's weights have 22 bits.
    assertThat(worst).isLessThanOrEqualTo(1);
  }

  @Test
  void sameSizeIsTheSamePicture() throws IOException {
    Picture source = picture("source");

    assertThat(Scaling.scale(source, source.width(), source.height())).isEqualTo(source);
  }

  @Test
  void flatPicturesStayFlat() {
    byte[] grey = new byte[3 * 40 * 30];
    Arrays.fill(grey, (byte) 200);

    Picture scaled = Scaling.scale(Picture.of(40, 30, grey), 13, 57);

    assertThat(scaled.rgb()).containsOnly((byte) 200);
  }
}
