package io.github.consistencydecoder.cli.decode;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.cli.CommandRun;
import io.github.consistencydecoder.formats.pictures.PictureReader;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

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

  /** Of all tests, so that what is the same is computed once. */
  @TempDir private static Path folder;

  @TempDir private static Path cache;

  private static CommandRun demo(Object... more) {
    List<Object> arguments = new ArrayList<>(List.of("demo", "-o", folder, "--cache", cache));
    arguments.addAll(List.of(more));
    CommandRun run = CommandRun.of(arguments.toArray()).exits(0);
    return run;
  }

  private static Path report(String file) {
    return folder.resolve("consistency-decoder-demo").resolve(file);
  }

  private static JsonNode metrics() {
    return JsonMapper.shared().readTree(report("metrics.json").toFile());
  }

  private static List<String> columns() {
    List<String> columns = new ArrayList<>();
    metrics().get("columns").forEach(name -> columns.add(name.asString()));
    return columns;
  }

  @Test
  void demoDrawsTheCatAndSaysWhere() throws IOException {
    CommandRun run = demo();

    Path picture = folder.resolve("consistency-decoder-demo.png");
    assertThat(run.out().lines())
        .containsExactly(
            picture.toString(),
            report("report.html").toString(),
            report("sheet.png").toString(),
            report("metrics.json").toString(),
            report("metrics.csv").toString());
    assertThat(run.out().lines().map(Path::of))
        .allSatisfy(file -> assertThat(file).isNotEmptyFile());
    assertThat(run.err()).contains("preview model 'tiny'");
    BufferedImage read = ImageIO.read(picture.toFile());
    assertThat(read.getWidth()).isEqualTo(448);
    assertThat(read.getHeight()).isEqualTo(296);
    assertLooksLikeTheCat(read);
  }

  /** The numbers are those of the files that the program ships, computed by scikit-image. */
  @Test
  void theReportMeasuresThreeDecodersAgainstThePhotograph() throws IOException {
    CommandRun run = demo();

    assertThat(columns())
        .containsExactly("linear preview", "bundled preview, 1 step", "bundled preview, 2 steps");
    JsonNode input = metrics().get("inputs").get(0);
    assertThat(input.get("reference").asString()).isEqualTo("truth");
    double[] psnr = new double[3];
    for (int i = 0; i < 3; i++) {
      psnr[i] = input.get("columns").get(i).get("measurements").get("whole").get("psnr").asDouble();
    }
    assertThat(psnr[0]).isBetween(20.5, 20.7);
    assertThat(psnr[1]).isBetween(27.4, 28.4);
    assertThat(psnr[2]).isBetween(27.2, 28.2);
    assertThat(run.err())
        .contains(
            String.format(
                Locale.ROOT,
                "photograph: linear preview %.1f dB and 0.61; bundled preview, 1 step",
                psnr[0]))
        .contains("bundled preview was trained on this very photograph");
    Path results = report(input.get("folder").asString());
    assertSamePixels(results.resolve("truth.png"), Path.of(resource("chelsea.png")));
    assertSamePixels(
        results.resolve("3-bundled-preview-2-steps.png"),
        folder.resolve("consistency-decoder-demo.png"));
    assertThat(report("report.html")).content().contains("Stefan van der Walt", "CC0");
  }

  private static URI resource(String name) {
    try {
      return DemoCommand.class.getResource(name).toURI();
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  private static void assertSamePixels(Path a, Path b) throws IOException {
    PictureReader reader = new PictureReader();
    assertThat(reader.read(a).picture()).isEqualTo(reader.read(b).picture());
  }

  @Test
  @Tag("slow")
  void whateverElseWasChosenIsComparedTooAndReplacesTheEarlierReport() throws IOException {
    demo("--decoder", "fake");
    assertThat(columns())
        .containsExactly(
            "linear preview",
            "bundled preview, 1 step",
            "bundled preview, 2 steps",
            "yours: plain, 2 steps");
    demo("--steps", 3, "--clamp", "none");
    assertThat(columns())
        .endsWith("bundled preview, 2 steps", "yours: bundled preview, 3 steps, clamp none")
        .hasSize(4);
    assertThat(Files.readString(report("report.html")))
        .contains("yours: bundled preview")
        .doesNotContain("plain");
    demo("--steps", 1);
    assertThat(columns()).endsWith("bundled preview, 2 steps").hasSize(3);
    assertThat(Files.readString(report("report.html"))).doesNotContain("yours");
    try (Stream<Path> files = Files.walk(report(""))) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .noneMatch(name -> name.contains("yours"));
    }
  }

  @Test
  void whatIsTheSameIsNotDoneAgainAndQuietSaysWhereTheFilesAre() throws IOException {
    demo();
    Path result =
        report(metrics().get("inputs").get(0).get("folder").asString()).resolve("result.json");
    FileTime written = Files.getLastModifiedTime(result);
    CommandRun again = demo("-q");
    assertThat(Files.getLastModifiedTime(result)).isEqualTo(written);
    assertThat(again.err()).isEmpty();
    assertThat(again.out().lines()).hasSize(5);
  }

  @Test
  void theDocumentHasTheReport() {
    CommandRun run = demo("--json");
    JsonNode report = JsonMapper.shared().readTree(run.out()).get("report");
    assertThat(report.get("files").get(0).asString()).isEqualTo(report("report.html").toString());
    assertThat(report.get("measures").get("bundled preview, 1 step").get("ssim").asDouble())
        .isBetween(0.70, 0.80);
    assertThat(run.err()).isEmpty();
  }

  @Test
  void aFileInPlaceOfTheReportsFolderIsSaidAndStays(@TempDir Path other) throws IOException {
    Path mine = Files.writeString(other.resolve("consistency-decoder-demo"), "mine");
    CommandRun run = CommandRun.of("demo", "-o", other, "--cache", cache, "--json").exits(1);
    assertThat(run.err())
        .isEqualToIgnoringNewLines(
            "error: " + mine + ": is a file, the report needs a folder of that name");
    assertThat(JsonMapper.shared().readTree(run.out()).get("report").get("exit_code").asInt())
        .isEqualTo(1);
    assertThat(mine).content().isEqualTo("mine");
    assertThat(other.resolve("consistency-decoder-demo.png")).isNotEmptyFile();
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
  @Tag("slow")
  void coldAndCachedAndWithOneThreadTheBytesAreTheSame(@TempDir Path cold) {
    CommandRun.of("demo", "-o", cold, "--cache", cold.resolve("cache"));
    Path picture = folder.resolve("consistency-decoder-demo.png");
    demo();
    assertThat(picture).hasSameBinaryContentAs(cold.resolve("consistency-decoder-demo.png"));
    demo("--threads", 1);
    assertThat(picture).hasSameBinaryContentAs(cold.resolve("consistency-decoder-demo.png"));
  }
}
