package io.github.consistencydecoder.cli.compare;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What a comparison wrote. */
public record ComparisonFiles(Path folder, JsonNode metrics) {
  public static ComparisonFiles in(Path folder) {
    for (String file : List.of("report.html", "sheet.png", "metrics.csv")) {
      assertThat(folder.resolve(file)).isNotEmptyFile();
    }
    return metricsIn(folder);
  }

  /** Of one that was interrupted. */
  public static ComparisonFiles metricsIn(Path folder) {
    return new ComparisonFiles(
        folder, new JsonMapper().readTree(folder.resolve("metrics.json").toFile()));
  }

  public List<String> columns() {
    return texts(metrics.get("columns"));
  }

  public List<String> inputs() {
    List<String> names = new ArrayList<>();
    metrics.get("inputs").forEach(input -> names.add(input.get("name").asString()));
    return names;
  }

  public JsonNode input(String name) {
    for (JsonNode input : metrics.get("inputs")) {
      if (input.get("name").asString().equals(name)) {
        return input;
      }
    }
    throw new AssertionError("there is no input '" + name + "', only " + inputs());
  }

  public JsonNode column(String input, String name) {
    for (JsonNode column : input(input).get("columns")) {
      if (column.get("name").asString().equals(name)) {
        return column;
      }
    }
    throw new AssertionError("there is no column '" + name + "'");
  }

  /** The measurements of a whole picture or of a crop. */
  public JsonNode measured(String input, String column, String region) {
    return column(input, column).get("measurements").get(region);
  }

  public List<String> notes(String input) {
    return texts(input(input).get("notes"));
  }

  private static List<String> texts(JsonNode node) {
    List<String> texts = new ArrayList<>();
    node.forEach(text -> texts.add(text.asString()));
    return texts;
  }
}
