package io.github.consistencydecoder.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/** A list of a published checkpoint's tensors: its names in both namings, and its shapes. */
public final class NameTable {
  private NameTable() {}

  /**
   * A tensor.
   *
   * @param diffusers its name there
   * @param original its name in the original file
   * @param shape in the diffusers file
   * @param originalShape in the original file
   */
  public record Row(
      String diffusers, String original, List<Long> shape, List<Long> originalShape) {}

  /** The tensors of {@code sd-vae} or {@code taesd}. */
  public static List<Row> of(String model) throws IOException {
    String file = "/names/" + model + ".tsv";
    try (var in = NameTable.class.getResourceAsStream(file);
        var lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      return lines
          .lines()
          .filter(line -> !line.startsWith("#"))
          .map(line -> line.split("\t", -1))
          .map(f -> new Row(f[0], f[1], shape(f[2]), shape(f[f.length - 1])))
          .toList();
    }
  }

  private static List<Long> shape(String text) {
    return Stream.of(text.split("x", -1)).map(Long::valueOf).toList();
  }
}
