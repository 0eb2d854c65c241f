package io.github.consistencydecoder.compare.report;

import io.github.consistencydecoder.compare.metrics.Measure;
import io.github.consistencydecoder.compare.metrics.Measurements;
import io.github.consistencydecoder.formats.pictures.Region;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One input's result as JSON, and back. The PSNR of equal pictures, which is infinite, is written
 * as null.
 */
public final class ResultJson {
  static final JsonMapper MAPPER = JsonMapper.builder().build();

  private ResultJson() {}

  /** The result as text. */
  public static String write(InputResult result) {
    return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(tree(result));
  }

  /**
   * The result that {@link #write} wrote; empty for anything else, which is then no result.
   *
   * @param json may be damaged
   */
  public static Optional<InputResult> read(byte[] json) {
    try {
      return Optional.of(result(MAPPER.readTree(json)));
    } catch (JacksonException | IllegalArgumentException | NullPointerException e) {
      return Optional.empty();
    }
  }

  static ObjectNode tree(InputResult result) {
    ObjectNode node = MAPPER.createObjectNode();
    node.put("name", result.name());
    node.put("key", result.key());
    node.put("folder", result.folder());
    node.put("width", result.width());
    node.put("height", result.height());
    node.put("truth", result.hasTruth());
    result.truthFile().ifPresent(file -> node.put("truth_file", file));
    node.put("reference", result.reference());
    node.put("difference_scale", result.differenceScale());
    ArrayNode crops = node.putArray("crops");
    result
        .crops()
        .forEach(
            (name, region) ->
                crops
                    .addObject()
                    .put("name", name)
                    .put("x", region.x())
                    .put("y", region.y())
                    .put("width", region.width())
                    .put("height", region.height()));
    node.set("truth_alone", measurements(result.truthAlone()));
    ArrayNode columns = node.putArray("columns");
    result.columns().forEach(column -> columns.add(tree(column)));
    ArrayNode notes = node.putArray("notes");
    result.notes().forEach(notes::add);
    return node;
  }

  private static ObjectNode tree(ColumnResult column) {
    ObjectNode node = MAPPER.createObjectNode();
    node.put("name", column.name());
    node.put("file", column.file());
    column.differenceFile().ifPresent(file -> node.put("difference_file", file));
    column.seconds().ifPresent(seconds -> node.put("seconds", seconds));
    column.peakBytes().ifPresent(bytes -> node.put("peak_bytes", bytes));
    column.estimatedBytes().ifPresent(bytes -> node.put("estimated_bytes", bytes));
    ObjectNode about = node.putObject("about");
    column.about().forEach(about::put);
    ArrayNode warnings = node.putArray("warnings");
    column.warnings().forEach(warnings::add);
    node.set("measurements", measurements(column.measurements()));
    return node;
  }

  private static ObjectNode measurements(Map<String, Measurements> byRegion) {
    ObjectNode node = MAPPER.createObjectNode();
    byRegion.forEach(
        (region, measurements) -> {
          ObjectNode values = node.putObject(region);
          measurements
              .values()
              .forEach(
                  (id, value) -> {
                    if (Double.isInfinite(value)) {
                      values.putNull(id);
                    } else {
                      values.put(id, value);
                    }
                  });
        });
    return node;
  }

  private static InputResult result(JsonNode node) {
    Map<String, Region> crops = new LinkedHashMap<>();
    for (JsonNode crop : node.required("crops")) {
      crops.put(
          text(crop, "name"),
          new Region(
              number(crop, "x"), number(crop, "y"), number(crop, "width"), number(crop, "height")));
    }
    List<ColumnResult> columns = new ArrayList<>();
    for (JsonNode column : node.required("columns")) {
      columns.add(column(column));
    }
    return new InputResult(
        text(node, "name"),
        text(node, "key"),
        text(node, "folder"),
        number(node, "width"),
        number(node, "height"),
        optional(node, "truth_file"),
        measurements(node.required("truth_alone")),
        text(node, "reference"),
        number(node, "difference_scale"),
        crops,
        columns,
        texts(node.required("notes")));
  }

  private static ColumnResult column(JsonNode node) {
    Map<String, String> about = new LinkedHashMap<>();
    node.required("about")
        .properties()
        .forEach(entry -> about.put(entry.getKey(), entry.getValue().asString()));
    return new ColumnResult(
        text(node, "name"),
        about,
        texts(node.required("warnings")),
        text(node, "file"),
        optional(node, "difference_file"),
        node.has("seconds")
            ? OptionalDouble.of(node.get("seconds").asDouble())
            : OptionalDouble.empty(),
        bytes(node, "peak_bytes"),
        bytes(node, "estimated_bytes"),
        measurements(node.required("measurements")));
  }

  private static Map<String, Measurements> measurements(JsonNode node) {
    Map<String, Measurements> byRegion = new LinkedHashMap<>();
    node.properties()
        .forEach(
            region -> {
              Map<String, Double> values = new LinkedHashMap<>();
              region
                  .getValue()
                  .properties()
                  .forEach(
                      value -> values.put(value.getKey(), value(value.getKey(), value.getValue())));
              byRegion.put(region.getKey(), new Measurements(values));
            });
    return byRegion;
  }

  private static double value(String id, JsonNode node) {
    if (node.isNull() && id.equals(Measure.PSNR.id())) {
      return Double.POSITIVE_INFINITY;
    }
    if (!node.isNumber()) {
      throw new IllegalArgumentException(id + " is no number");
    }
    return node.asDouble();
  }

  private static OptionalLong bytes(JsonNode node, String name) {
    return node.has(name) ? OptionalLong.of(node.get(name).asLong()) : OptionalLong.empty();
  }

  private static Optional<String> optional(JsonNode node, String name) {
    return node.has(name) ? Optional.of(node.get(name).asString()) : Optional.empty();
  }

  private static String text(JsonNode node, String name) {
    return node.required(name).asString();
  }

  private static int number(JsonNode node, String name) {
    return node.required(name).asInt();
  }

  private static List<String> texts(JsonNode node) {
    List<String> texts = new ArrayList<>();
    node.forEach(text -> texts.add(text.asString()));
    return texts;
  }
}
