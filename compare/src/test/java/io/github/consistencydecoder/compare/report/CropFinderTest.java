package io.github.consistencydecoder.compare.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.compare.TestPictures;
import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.Region;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CropFinderTest {
  private static Picture painted(Picture picture, Region region, int level) {
    byte[] rgb = picture.rgb();
    for (int y = region.y(); y < region.y() + region.height(); y++) {
      for (int x = region.x(); x < region.x() + region.width(); x++) {
        for (int c = 0; c < 3; c++) {
          rgb[3 * (y * picture.width() + x) + c] = (byte) level;
        }
      }
    }
    return Picture.takeOver(picture.width(), picture.height(), rgb);
  }

  @Test
  void theSquaresOfMostDifferenceAreFoundInTheirOrder() {
    Picture flat = TestPictures.flat(120, 80, 100);
    Region strong = new Region(71, 13, 20, 20);
    Region weak = new Region(9, 50, 20, 20);
    Picture changed = painted(painted(flat, strong, 160), weak, 120);
    assertThat(CropFinder.find(List.of(flat, changed), 2, 20)).containsExactly(strong, weak);
  }

  @Test
  void aDifferenceBetweenAnyTwoOfThePicturesCounts() {
    Picture flat = TestPictures.flat(64, 64, 100);
    Region where = new Region(30, 30, 16, 16);
    assertThat(CropFinder.find(List.of(flat, flat, painted(flat, where, 90)), 1, 16))
        .containsExactly(where);
  }

  @Test
  void squaresDoNotOverlapAndLieInside() {
    Random random = new Random(3);
    byte[] noise = new byte[3 * 90 * 70];
    random.nextBytes(noise);
    List<Region> found =
        CropFinder.find(List.of(TestPictures.flat(90, 70, 0), Picture.of(90, 70, noise)), 6, 16);
    assertThat(found).hasSize(6);
    for (int i = 0; i < found.size(); i++) {
      assertThat(found.get(i).isInside(90, 70)).isTrue();
      for (int k = 0; k < i; k++) {
        Region a = found.get(i);
        Region b = found.get(k);
        boolean beside = Math.abs(a.x() - b.x()) >= 16 || Math.abs(a.y() - b.y()) >= 16;
        assertThat(beside).as("%s beside %s", a, b).isTrue();
      }
    }
  }

  @Test
  void equalPicturesAndTooLargeSquaresGiveNone() {
    Picture flat = TestPictures.flat(40, 30, 100);
    assertThat(CropFinder.find(List.of(flat, flat), 2, 16)).isEmpty();
    assertThat(CropFinder.find(List.of(flat, TestPictures.flat(40, 30, 0)), 2, 31)).isEmpty();
  }

  @Test
  void theSideSuitsThePicture() {
    assertThat(CropFinder.sideFor(512, 512)).isEqualTo(128);
    assertThat(CropFinder.sideFor(2048, 1024)).isEqualTo(128);
    assertThat(CropFinder.sideFor(256, 320)).isEqualTo(64);
    assertThat(CropFinder.sideFor(64, 64)).isEqualTo(32);
    assertThat(CropFinder.sideFor(16, 64)).isEqualTo(16);
  }
}
