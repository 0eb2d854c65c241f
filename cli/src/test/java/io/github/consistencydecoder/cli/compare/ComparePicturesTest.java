package io.github.consistencydecoder.cli.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.consistencydecoder.cli.CommandRun;
import io.github.consistencydecoder.testing.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/**
 * Pictures that were decoded elsewhere, among them the nine of OpenAI's repository: gt the
 * originals, gan the VAE's decoder, con the consistency decoder. Their values were computed with
 * scikit-image 0.26 and PyTorch.
 */
final class ComparePicturesTest {
  /** Half a digit beyond those given. */
  private static final double DIGITS = 5.1e-5;

  private static final double LPIPS = 1e-3;

  @TempDir static Path cache;
  @TempDir private Path folder;

  private static Path weights() {
    return SharedData.at("lpips/lpips_squeeze_v0.1.safetensors");
  }

  private static Path asset(String name) {
    return SharedData.at("openai-assets").resolve(name + ".png");
  }

  @BeforeAll
  static void haveTheSharedData() {
    weights();
    asset("gt1");
  }

  private ComparisonFiles one(int n, Object... more) {
    Path out = folder.resolve("out");
    List<Object> all =
        new ArrayList<>(List.of("compare", "--pictures", "gan=" + asset("gan" + n), "-o", out));
    all.addAll(List.of("--pictures", "con=" + asset("con" + n), "--truth", asset("gt" + n)));
    all.addAll(List.of(more));
    CommandRun.of(all.toArray()).exits(0);
    return ComparisonFiles.in(out);
  }

  private static void assertValues(JsonNode measured, double psnr, double ssim, double mae) {
    assertThat(measured.get("psnr").asDouble()).isCloseTo(psnr, within(DIGITS));
    assertThat(measured.get("ssim").asDouble()).isCloseTo(ssim, within(DIGITS));
    assertThat(measured.get("mae").asDouble()).isCloseTo(mae, within(DIGITS));
  }

  @ParameterizedTest
  @CsvSource({
    "1, '86,42,118,98', 17.4921, 0.6870, 19.0858, 21.9631, 0.8214, 12.1055",
    "2, '145,105,50,65', 18.7676, 0.6398, 18.5565, 19.4941, 0.7669, 16.2836",
    "2, '0,20,256,70', 20.9190, 0.6951, 15.8765, 20.1139, 0.6687, 16.9117",
  })
  void cropsHaveThePublishedValues(
      int n,
      String crop,
      double ganPsnr,
      double ganSsim,
      double ganMean,
      double conPsnr,
      double conSsim,
      double conMean) {
    ComparisonFiles files = one(n, "--crop", crop);

    String input = "gt" + n;
    assertValues(files.measured(input, "gan", "crop 1"), ganPsnr, ganSsim, ganMean);
    assertValues(files.measured(input, "con", "crop 1"), conPsnr, conSsim, conMean);
  }

  /** All three at once, from folders, as a person with many pictures has them. */
  private ComparisonFiles all() throws IOException {
    for (String kind : List.of("gt", "gan", "con")) {
      Files.createDirectories(folder.resolve(kind));
      for (int n = 1; n <= 3; n++) {
        Files.copy(asset(kind + n), folder.resolve(kind).resolve(n + ".png"));
      }
    }
    Path out = folder.resolve("out");
    CommandRun.of(
            "compare",
            "--pictures",
            "gan=" + folder.resolve("gan"),
            "--pictures",
            "con=" + folder.resolve("con"),
            "--truth",
            folder.resolve("gt"),
            "--lpips",
            weights(),
            "--cache",
            cache,
            "-o",
            out)
        .exits(0);
    return ComparisonFiles.in(out);
  }

  @Test
  void wholePicturesHaveThePublishedValues() throws IOException {
    ComparisonFiles files = all();

    assertThat(files.columns()).containsExactly("gan", "con");
    assertThat(files.inputs()).containsExactly("1", "2", "3");
    double[][] table = {
      // psnr, ssim, mae, shift of red, green and blue, lpips
      {24.2447, 0.8636, 6.5878, -2.092, -2.858, -1.584, 0.0295},
      {28.0760, 0.9018, 4.2201, 0.031, -0.644, -0.769, 0.0197},
      {22.9366, 0.8166, 10.6552, -1.670, -1.872, -0.285, 0.0582},
      {22.5809, 0.8160, 10.6742, -0.189, -0.301, -0.151, 0.0589},
      {25.4955, 0.8318, 7.4237, -3.944, -2.398, -1.648, 0.0261},
      {25.6366, 0.8425, 6.7439, 0.144, 1.590, 1.902, 0.0217},
    };
    for (int i = 0; i < table.length; i++) {
      double[] row = table[i];
      JsonNode measured =
          files.measured(Integer.toString(i / 2 + 1), files.columns().get(i % 2), "whole");
      assertValues(measured, row[0], row[1], row[2]);
      assertThat(measured.get("shift_r").asDouble()).isCloseTo(row[3], within(5.1e-4));
      assertThat(measured.get("shift_g").asDouble()).isCloseTo(row[4], within(5.1e-4));
      assertThat(measured.get("shift_b").asDouble()).isCloseTo(row[5], within(5.1e-4));
      assertThat(measured.get("lpips-squeeze").asDouble()).isCloseTo(row[6], within(LPIPS));
    }
    assertThat(mean(files, "gan", "psnr")).isCloseTo(24.2256, within(DIGITS));
    assertThat(mean(files, "con", "psnr")).isCloseTo(25.4312, within(DIGITS));
    assertThat(mean(files, "gan", "ssim")).isCloseTo(0.8373, within(DIGITS));
    assertThat(mean(files, "con", "ssim")).isCloseTo(0.8534, within(DIGITS));
    assertThat(Files.readString(files.folder().resolve("metrics.csv"))).contains("lpips-squeeze");
  }

  private static double mean(ComparisonFiles files, String column, String measure) {
    return files.inputs().stream()
        .mapToDouble(input -> files.measured(input, column, "whole").get(measure).asDouble())
        .average()
        .orElseThrow();
  }

  @Test
  void lpipsIsLeftOutWhereACropIsTooSmallForIt() {
    ComparisonFiles files =
        one(
            1,
            "--lpips",
            weights(),
            "--cache",
            cache,
            "--crop",
            "0,0,31,40",
            "--crop",
            "0,0,40,40");

    assertThat(files.measured("gt1", "con", "crop 1").has("lpips-squeeze")).isFalse();
    assertThat(files.measured("gt1", "con", "crop 2").has("lpips-squeeze")).isTrue();
  }
}
