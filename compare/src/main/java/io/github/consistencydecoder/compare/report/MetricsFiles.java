package io.github.consistencydecoder.compare.report;

import io.github.consistencydecoder.compare.metrics.Measure;
import io.github.consistencydecoder.compare.metrics.Measurements;
import io.github.consistencydecoder.formats.io.AtomicFiles;
import io.github.consistencydecoder.formats.pictures.Region;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code metrics.json} (everything) and {@code metrics.csv} (a row for each input, decoder and
 * region; RFC 4180, UTF-8). Measures of quality are empty where there is no truth. A text that a
 * spreadsheet would take for a formula has an apostrophe before it in the CSV file.
 */
public final class MetricsFiles {
  private MetricsFiles() {}

  /** Writes both into the comparison's folder. */
  public static void write(ReportData data) throws IOException {
    Path folder = data.folder();
    AtomicFiles.write(folder.resolve("metrics.json"), json(data));
    AtomicFiles.write(folder.resolve("metrics.csv"), csv(data));
  }

  static String json(ReportData data) {
    ObjectNode node = ResultJson.MAPPER.createObjectNode();
    node.put("title", data.title());
    node.put("created", data.created().toString());
    ArrayNode columns = node.putArray("columns");
    data.columns().forEach(columns::add);
    ArrayNode inputs = node.putArray("inputs");
    data.inputs().forEach(input -> inputs.add(ResultJson.tree(input)));
    ArrayNode failures = node.putArray("failures");
    data.failures()
        .forEach(
            failure ->
                failures.addObject().put("name", failure.name()).put("reason", failure.reason()));
    return ResultJson.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(node) + "\n";
  }

  static String csv(ReportData data) {
    Set<String> ids = new LinkedHashSet<>();
    for (Measure measure : Measure.values()) {
      ids.add(measure.id());
    }
    for (InputResult input : data.inputs()) {
      for (ColumnResult column : input.columns()) {
        column.measurements().values().forEach(m -> ids.addAll(m.values().keySet()));
      }
    }
    List<String> head =
        new ArrayList<>(
            List.of("input", "decoder", "region", "x", "y", "width", "height", "reference"));
    ids.forEach(id -> head.add(text(id)));
    head.addAll(List.of("seconds", "peak_bytes", "estimated_bytes", "model", "device", "seed"));
    StringBuilder out = new StringBuilder();
    line(out, head);
    for (InputResult input : data.inputs()) {
      Map<String, Region> regions = new LinkedHashMap<>();
      regions.put(InputResult.WHOLE, new Region(0, 0, input.width(), input.height()));
      regions.putAll(input.crops());
      for (ColumnResult column : input.columns()) {
        regions.forEach((name, region) -> line(out, cells(input, column, name, region, ids)));
      }
    }
    return out.toString();
  }

  private static List<String> cells(
      InputResult input, ColumnResult column, String name, Region region, Set<String> ids) {
    boolean isReference = input.reference().equals(column.name());
    List<String> cells =
        new ArrayList<>(
            List.of(
                text(input.name()),
                text(column.name()),
                text(name),
                String.valueOf(region.x()),
                String.valueOf(region.y()),
                String.valueOf(region.width()),
                String.valueOf(region.height()),
                isReference ? "" : text(input.reference())));
    Measurements measurements = column.in(name);
    for (String id : ids) {
      Double value = measurements.values().get(id);
      cells.add(value == null ? "" : value.isInfinite() ? "inf" : value.toString());
    }
    cells.add(column.seconds().isPresent() ? String.valueOf(column.seconds().getAsDouble()) : "");
    cells.add(column.peakBytes().isPresent() ? String.valueOf(column.peakBytes().getAsLong()) : "");
    cells.add(
        column.estimatedBytes().isPresent()
            ? String.valueOf(column.estimatedBytes().getAsLong())
            : "");
    for (String key : List.of("model", "device", "seed")) {
      cells.add(text(column.about().getOrDefault(key, "")));
    }
    return cells;
  }

  private static void line(StringBuilder out, List<String> cells) {
    for (int i = 0; i < cells.size(); i++) {
      out.append(i == 0 ? "" : ",").append(quoted(cells.get(i)));
    }
    out.append("\r\n");
  }

  /** A cell that is no number: a spreadsheet must not take it for a formula. */
  private static String text(String cell) {
    return cell.matches("(?s)[=+\\-@\t\r].*") ? "'" + cell : cell;
  }

  private static String quoted(String cell) {
    return cell.matches("(?s).*[\",\r\n].*") ? '"' + cell.replace("\"", "\"\"") + '"' : cell;
  }
}
