package io.github.consistencydecoder.compare.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.PictureReader;
import io.github.consistencydecoder.formats.pictures.Region;
import io.github.consistencydecoder.testing.SharedData;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The nine pictures of OpenAI's repository: gt the original, gan the VAE's decoder, con the
 * consistency decoder. Values computed with scikit-image 0.26.
 */
class OpenAiPicturesTest {
  /** Half a digit beyond those given. */
  private static final double DIGITS = 5.1e-5;

  private static Picture picture(String name) throws IOException {
    Path folder = SharedData.at("openai-assets");
    return new PictureReader().read(folder.resolve(name + ".png")).picture();
  }

  @ParameterizedTest
  @CsvSource({
    "1, whole, 24.2447, 0.8636, 6.5878, 28.0760, 0.9018, 4.2201",
    "1, '86,42,118,98', 17.4921, 0.6870, 19.0858, 21.9631, 0.8214, 12.1055",
    "2, whole, 22.9366, 0.8166, 10.6552, 22.5809, 0.8160, 10.6742",
    "2, '145,105,50,65', 18.7676, 0.6398, 18.5565, 19.4941, 0.7669, 16.2836",
    "2, '0,20,256,70', 20.9190, 0.6951, 15.8765, 20.1139, 0.6687, 16.9117",
    "3, whole, 25.4955, 0.8318, 7.4237, 25.6366, 0.8425, 6.7439"
  })
  void psnrSsimAndMeanErrorAreThoseOfTheTable(
      int n,
      String region,
      double ganPsnr,
      double ganSsim,
      double ganMean,
      double conPsnr,
      double conSsim,
      double conMean)
      throws IOException {
    check(n, "gan", region, ganPsnr, ganSsim, ganMean);
    check(n, "con", region, conPsnr, conSsim, conMean);
  }

  private static void check(int n, String name, String region, double psnr, double ssim, double mae)
      throws IOException {
    Picture truth = picture("gt" + n);
    Picture picture = picture(name + n);
    if (!region.equals("whole")) {
      truth = truth.crop(Region.parse(region));
      picture = picture.crop(Region.parse(region));
    }
    assertThat(PixelError.psnr(picture, truth)).isCloseTo(psnr, within(DIGITS));
    assertThat(StructuralSimilarity.ssim(picture, truth)).isCloseTo(ssim, within(DIGITS));
    assertThat(PixelError.meanAbsoluteError(picture, truth)).isCloseTo(mae, within(DIGITS));
  }

  @ParameterizedTest
  @CsvSource({
    "1, gan, -2.092, -2.858, -1.584",
    "1, con, 0.031, -0.644, -0.769",
    "2, gan, -1.670, -1.872, -0.285",
    "2, con, -0.189, -0.301, -0.151",
    "3, gan, -3.944, -2.398, -1.648",
    "3, con, 0.144, 1.590, 1.902"
  })
  void colourShiftIsThatOfTheTable(int n, String name, double red, double green, double blue)
      throws IOException {
    double[] shift = PixelError.colourShift(picture(name + n), picture("gt" + n));
    assertThat(shift[0]).isCloseTo(red, within(5.1e-4));
    assertThat(shift[1]).isCloseTo(green, within(5.1e-4));
    assertThat(shift[2]).isCloseTo(blue, within(5.1e-4));
  }
}
