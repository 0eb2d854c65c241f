package io.github.consistencydecoder.compare.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.compare.Comparison;
import io.github.consistencydecoder.compare.ComparisonInput;
import io.github.consistencydecoder.compare.ComparisonListener;
import io.github.consistencydecoder.compare.TestPictures;
import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.PictureReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportFilesTest {
  @TempDir private Path folder;

  /** Grainy, so that PNG cannot make it small. */
  private static Picture grainy(int width, int height, int seed) {
    byte[] rgb = TestPictures.scene(width, height, seed).rgb();
    Random random = new Random(seed);
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) Math.min(255, (rgb[i] & 0xff) / 2 + random.nextInt(64));
    }
    return Picture.takeOver(width, height, rgb);
  }

  private static ComparisonInput input(String name, int width, int height, int seed) {
    return ComparisonInput.of(
        name,
        new ComparisonInput.Loaded(
            Optional.empty(),
            Optional.of(TestPictures.scene(width, height, seed)),
            Map.of("a", grainy(width, height, seed), "b,\"c\"", grainy(width, height, seed + 100)),
            List.of()));
  }

  private String report(long bytes, int inputs) throws IOException {
    List<ComparisonInput> list = new ArrayList<>();
    for (int i = 0; i < inputs; i++) {
      list.add(input("picture " + i, 200, 160, i));
    }
    Comparison.builder()
        .pictures("a")
        .pictures("b,\"c\"")
        .reportBytes(bytes)
        .build()
        .run(list, folder, ComparisonListener.NONE);
    return Files.readString(folder.resolve("report.html"));
  }

  @Test
  void picturesAreExactWhereThereIsRoom() throws IOException {
    assertThat(report(8 << 20, 2))
        .contains("Pictures are exact (PNG).")
        .contains("data:image/png;base64,")
        .doesNotContain("data:image/jpeg");
  }

  @Test
  void aVerdictStandsAboveThePicturesAndTheTablesAreFoldedBelow() throws IOException {
    Picture truth = TestPictures.scene(96, 96, 0);
    Map<String, Picture> pictures =
        Map.of("same", truth, "grainy <&", grainy(96, 96, 5), "other", grainy(96, 96, 6));
    String report =
        report(Optional.of(truth), pictures, List.of("grainy <&", "same"))
            .replaceAll("(?s)<script>.*?</script>|<style>.*?</style>", "");
    assertThat(report)
        .contains(
            "<p class=\"verdict\"><strong>same</strong> is nearest to the original by PSNR (∞ dB)"
                + " and SSIM (1.0000).</p>");
    int verdict = report.indexOf("class=\"verdict\"");
    int slider = report.indexOf("class=\"slider\"");
    int table = report.indexOf("<table");
    assertThat(verdict).isPositive().isLessThan(slider);
    assertThat(slider).isLessThan(report.indexOf("class=\"row whole")).isLessThan(table);
    assertThat(report.substring(slider, table)).contains("<details><summary>Numbers</summary>");
    assertThat(report).doesNotContain("<details open");

    assertThat(report(Optional.empty(), pictures, List.of("same", "other")))
        .contains("No original is known, so no number says what is better");
    assertThat(report(Optional.of(truth), pictures, List.of("grainy <&")))
        .contains("<p class=\"verdict\">Against the original: PSNR (");
    Map<String, Picture> alike = Map.of("a", truth, "b", truth);
    assertThat(report(Optional.of(truth), alike, List.of("a", "b")))
        .contains("All decoders are as near to the original as each other.");
  }

  private String report(
      Optional<Picture> truth, Map<String, Picture> pictures, List<String> decoders)
      throws IOException {
    Comparison.Builder comparison = Comparison.builder();
    decoders.forEach(comparison::pictures);
    ComparisonInput.Loaded loaded =
        new ComparisonInput.Loaded(Optional.empty(), truth, pictures, List.of());
    comparison
        .build()
        .run(List.of(ComparisonInput.of("x", loaded)), folder, ComparisonListener.NONE);
    return Files.readString(folder.resolve("report.html"));
  }

  @Test
  void theReportKeepsWithinItsSizeByFallingQuality() throws IOException {
    long[] sizes = {1_100_000, 700_000, 420_000, 260_000};
    String[] notes = {"JPEG of quality 95", "JPEG of quality 9", "JPEG of quality", "half size"};
    for (int i = 0; i < sizes.length; i++) {
      String report = report(sizes[i], 3);
      assertThat((long) report.length()).isLessThan(sizes[i]);
      assertThat(report).as("report of " + sizes[i]).contains(notes[i]);
    }
  }

  @Test
  void withoutAnyRoomTheNumbersAreLeft() throws IOException {
    String report = report(1, 2);
    assertThat(report)
        .contains("There was no more room for its pictures here; they are in results/picture-0-")
        .contains("PSNR")
        .doesNotContain("data:image");
  }

  @Test
  void theTableOfNumbersIsQuotedWhereItMustBe() throws IOException {
    report(8 << 20, 1);
    List<String> lines = Files.readAllLines(folder.resolve("metrics.csv"));
    assertThat(lines.get(0))
        .isEqualTo(
            "input,decoder,region,x,y,width,height,reference,psnr,ssim,ms_ssim,mae,max,delta_e,"
                + "shift_r,shift_g,shift_b,edge,sharpness,sharpness_ratio,seconds,peak_bytes,"
                + "estimated_bytes,model,device,seed");
    assertThat(lines.get(1)).startsWith("picture 0,a,whole,0,0,200,160,truth,");
    assertThat(lines).hasSize(1 + 2 * 3);
    assertThat(lines.get(4)).startsWith("picture 0,\"b,\"\"c\"\"\",whole,");
  }

  @Test
  void theTableOfNumbersHoldsNoFormulas() throws IOException {
    List<String> names = List.of("=1+1", "+1", "-1", "@a", "=\"a\",1");
    List<ComparisonInput> inputs = names.stream().map(name -> input(name, 64, 64, 1)).toList();
    Comparison.builder().pictures("a").build().run(inputs, folder, ComparisonListener.NONE);

    String table = Files.readString(folder.resolve("metrics.csv"));

    assertThat(table)
        .contains("\n'=1+1,a,", "\n'+1,a,", "\n'-1,a,", "\n'@a,a,", "\n\"'=\"\"a\"\",1\",a,");
    assertThat(table.lines().skip(1)).allMatch(line -> line.matches("\"?'.*"));
    assertThat(Files.readString(folder.resolve("metrics.json"))).contains("\"=1+1\"");
  }

  @Test
  void theSheetHasARowForEachPictureAndItsCrops() throws IOException {
    report(8 << 20, 2);
    Picture sheet = new PictureReader().read(folder.resolve("sheet.png")).picture();
    assertThat(sheet.width()).isEqualTo(8 + 5 * (256 + 8));
    // Two labels, the picture, and twice a label and a crop of 40 pixels six times as large.
    assertThat(sheet.height()).isEqualTo(8 + 13 + 2 * (13 + 13 + 160 + 16 + 2 * (13 + 240 + 8)));
    // The upper left pixel of the first cell, which is the truth at its own size.
    Picture truth = TestPictures.scene(200, 160, 0);
    assertThat(
            sheet.crop(new io.github.consistencydecoder.formats.pictures.Region(8, 34, 200, 160)))
        .isEqualTo(truth);
  }

  @Test
  void cropsOfManyDecodersHaveTheirDifferencesBelow() throws IOException {
    Picture truth = TestPictures.scene(96, 96, 0);
    Map<String, Picture> pictures = new LinkedHashMap<>();
    Comparison.Builder comparison = Comparison.builder();
    for (String name : List.of("a", "b", "c")) {
      comparison.pictures(name);
      pictures.put(name, grainy(96, 96, name.charAt(0)));
      ComparisonInput.Loaded loaded =
          new ComparisonInput.Loaded(Optional.empty(), Optional.of(truth), pictures, List.of());
      comparison
          .build()
          .run(List.of(ComparisonInput.of("x", loaded)), folder, ComparisonListener.NONE);
      String report = Files.readString(folder.resolve("report.html"));
      int decoders = pictures.size();
      assertThat(report)
          .as("%d decoders", decoders)
          .contains(decoders < 3 ? "row crops n" + (2 * decoders + 1) : "row crops two n4");
    }
  }

  @Test
  void notesAreNotWarnings() throws IOException {
    Picture scene = TestPictures.scene(64, 64, 0);
    ComparisonInput.Loaded loaded =
        new ComparisonInput.Loaded(
            Optional.empty(), Optional.of(scene), Map.of("a", scene), List.of("A <remark>."));
    Comparison.builder()
        .pictures("a")
        .build()
        .run(List.of(ComparisonInput.of("x", loaded)), folder, ComparisonListener.NONE);
    assertThat(Files.readString(folder.resolve("report.html")))
        .contains("<p class=\"note\">A &lt;remark&gt;.</p>");
  }

  @Test
  void aLongSheetEndsAndSaysSo() throws IOException {
    List<InputResult> many = new ArrayList<>();
    report(8 << 20, 1);
    InputResult one =
        ResultJson.read(
                Files.readAllBytes(
                    folder
                        .resolve(
                            tools.jackson.databind.json.JsonMapper.shared()
                                .readTree(Files.readAllBytes(folder.resolve("metrics.json")))
                                .get("inputs")
                                .get(0)
                                .get("folder")
                                .asString())
                        .resolve("result.json")))
            .orElseThrow();
    for (int i = 0; i < 40; i++) {
      many.add(one);
    }
    Picture sheet =
        ContactSheet.draw(
            new ReportData(
                "t", java.time.Instant.EPOCH, folder, List.of("a", "b,\"c\""), many, List.of()));
    assertThat(sheet.width() * sheet.height()).isLessThan(ContactSheet.PIXELS);
    assertThat(sheet.width() * sheet.height()).isGreaterThan(ContactSheet.PIXELS * 9 / 10);
  }

  @Test
  void aDamagedResultIsNone() {
    assertThat(ResultJson.read(new byte[0])).isEmpty();
    assertThat(ResultJson.read("[1, 2]".getBytes(java.nio.charset.StandardCharsets.UTF_8)))
        .isEmpty();
    assertThat(
            ResultJson.read(
                "{\"crops\":[{\"name\":\"a\",\"x\":-4,\"y\":0,\"width\":1,\"height\":1}]}"
                    .getBytes(java.nio.charset.StandardCharsets.UTF_8)))
        .isEmpty();
  }

  @Test
  void textsBecomeHarmless() {
    assertThat(Html.text("<a href=\"x\">'&\u0000"))
        .isEqualTo("&lt;a href=&quot;x&quot;&gt;&#39;&amp;\ufffd");
    assertThat(Html.number("shift_r", -0.001)).isEqualTo("0.00");
    assertThat(Html.number("psnr", Double.POSITIVE_INFINITY)).isEqualTo("∞");
  }
}
