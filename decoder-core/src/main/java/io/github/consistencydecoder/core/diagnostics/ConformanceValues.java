package io.github.consistencydecoder.core.diagnostics;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Values of the reduced network and its sampler, computed in float64 by an independent
 * implementation.
 */
public final class ConformanceValues {
  private record Point(int channel, int row, int column, double value) {}

  private final Map<String, List<Point>> cases = new LinkedHashMap<>();

  private ConformanceValues() {}

  /** Those that come with the library. */
  public static ConformanceValues bundled() {
    ConformanceValues values = new ConformanceValues();
    try (InputStream in = ConformanceValues.class.getResourceAsStream("conformance.tsv");
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (!line.startsWith("#")) {
          values.add(line.split("\t", -1));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return values;
  }

  private void add(String[] f) {
    cases
        .computeIfAbsent(f[0], n -> new ArrayList<>())
        .add(
            new Point(
                Integer.parseInt(f[1]),
                Integer.parseInt(f[2]),
                Integer.parseInt(f[3]),
                Double.parseDouble(f[4])));
  }

  /**
   * The largest difference of a case's known values from what was computed.
   *
   * @param computed {@code [1, channels, height, width]}
   */
  public double worst(String name, float[] computed, int height, int width) {
    List<Point> points = cases.get(name);
    if (points == null) {
      throw new IllegalArgumentException("no case '" + name + "' in " + cases.keySet());
    }
    double worst = 0;
    for (Point p : points) {
      double difference =
          Math.abs(computed[(p.channel * height + p.row) * width + p.column] - p.value);
      // Not Math.max alone: a NaN must not pass for a small difference.
      worst = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(worst, difference);
    }
    return worst;
  }
}
