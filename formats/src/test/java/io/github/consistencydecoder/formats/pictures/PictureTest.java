package io.github.consistencydecoder.formats.pictures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.consistencydecoder.plugin.Pixels;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PictureTest {
  private static Picture noise(int width, int height) {
    byte[] rgb = new byte[3 * width * height];
    new Random(4).nextBytes(rgb);
    return Picture.of(width, height, rgb);
  }

  @Test
  void whatIsGivenIsCopied() {
    byte[] rgb = {1, 2, 3};
    Picture picture = Picture.of(1, 1, rgb);
    rgb[0] = 9;
    picture.rgb()[1] = 9;
    assertThat(picture.rgb()).containsExactly(1, 2, 3);
  }

  @Test
  void pixelsAndBackGivesTheSamePicture() {
    Picture picture = noise(7, 5);
    Pixels pixels = picture.toPixels();
    assertThat(pixels.height()).isEqualTo(5);
    assertThat(Picture.of(pixels, 0)).isEqualTo(picture);
  }

  @Test
  void aCropHasThePixelsOfItsPlace() {
    Picture picture = noise(9, 8);
    Picture crop = picture.crop(new Region(2, 3, 4, 5));
    assertThat(crop.width()).isEqualTo(4);
    assertThat(crop.height()).isEqualTo(5);
    assertThat(crop.level(3, 4, 2)).isEqualTo(picture.level(5, 7, 2));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> picture.crop(new Region(6, 3, 4, 5)))
        .withMessage("region 6,3,4,5 leaves the picture of 9x8");
  }

  @Test
  void aWrongNumberOfBytesIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Picture.of(2, 2, new byte[11]))
        .withMessage("a picture of 2x2 does not have 11 bytes");
  }

  @Test
  void aRegionIsReadAsItIsWritten() {
    Region region = new Region(1, 20, 300, 4);
    assertThat(Region.parse(region.toString())).isEqualTo(region);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Region.parse("1,2,3"))
        .withMessage("crop '1,2,3' is not of the form x,y,width,height");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Region.parse("1,2,x,4"))
        .withMessage("crop '1,2,x,4': 'x' is not a whole number");
    assertThatIllegalArgumentException().isThrownBy(() -> Region.parse("1,2,0,4"));
  }
}
