package io.github.consistencydecoder.compare.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.PictureReader;
import io.github.consistencydecoder.formats.pictures.Region;
import io.github.consistencydecoder.testing.SharedData;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** Every measure against scikit-image; the goldens' recipe is make_metric_goldens.py. */
class ScikitImageGoldenTest {
  /** The bar is 1e-4; what is left is the order of additions. */
  private static final double RELATIVE = 1e-9;

  private record Row(String source, Region crop, String distortion, long seed, String[] cells) {}

  private static String[] names;

  private static List<Row> rows(boolean synthetic) throws IOException {
    try (InputStream in = ScikitImageGoldenTest.class.getResourceAsStream("/metrics/goldens.tsv")) {
      List<String> lines = new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
      names = lines.get(0).split("\t", -1);
      List<Row> rows = new ArrayList<>();
      for (String line : lines.subList(1, lines.size())) {
        String[] cells = line.split("\t", -1);
        if (cells[0].equals("synthetic") == synthetic) {
          Region crop = Region.parse(String.join(",", cells[1], cells[2], cells[3], cells[4]));
          rows.add(new Row(cells[0], crop, cells[5], Long.parseLong(cells[6]), cells));
        }
      }
      return rows;
    }
  }

  @Test
  void measuresOfSyntheticPicturesEqualScikitImages() throws IOException {
    List<Row> rows = rows(true);
    assertThat(rows).hasSize(30);
    for (Row row : rows) {
      check(row, DistortedPictures.synthetic(row.crop.width(), row.crop.height(), row.seed));
    }
  }

  @Test
  void measuresOfKodakPhotographsEqualScikitImages() throws IOException {
    Path folder = SharedData.at("photos-kodak");
    List<Row> rows = rows(false);
    assertThat(rows).hasSize(60);
    String loaded = "";
    Picture photograph = null;
    for (Row row : rows) {
      if (!row.source.equals(loaded)) {
        loaded = row.source;
        photograph = new PictureReader().read(folder.resolve(loaded)).picture();
      }
      check(row, photograph.crop(row.crop));
    }
  }

  private static void check(Row row, Picture truth) {
    Picture picture = DistortedPictures.distorted(truth, row.distortion, row.seed + 7);
    Measurements measured = Measuring.fidelity(picture, truth, List.of());
    int absent = 0;
    for (int i = 7; i < names.length; i++) {
      String what = row + " " + names[i];
      OptionalDouble value = measured.get(names[i]);
      if (row.cells[i].equals("-")) {
        assertThat(value).as(what).isEmpty();
        absent++;
        continue;
      }
      double expected = Double.parseDouble(row.cells[i]);
      assertThat(value).as(what).isPresent();
      assertThat(value.getAsDouble())
          .as(what)
          .isCloseTo(
              expected, org.assertj.core.data.Offset.offset(1e-9 + RELATIVE * Math.abs(expected)));
    }
    assertThat(measured.values()).hasSize(names.length - 7 - absent);
  }

  @Test
  void equalPicturesAreEqualInEveryMeasure() {
    Picture picture = DistortedPictures.synthetic(180, 170, 5);
    Map<String, Double> values = Measuring.fidelity(picture, picture, List.of()).values();
    assertThat(values.get("psnr")).isPositive().isInfinite();
    assertThat(values.get("ssim")).isEqualTo(1);
    assertThat(values.get("ms_ssim")).isEqualTo(1);
    assertThat(values.get("sharpness_ratio")).isEqualTo(1);
    for (String zero : List.of("mae", "max", "delta_e", "shift_r", "shift_g", "shift_b", "edge")) {
      assertThat(values.get(zero)).as(zero).isZero();
    }
  }
}
