package io.github.consistencydecoder.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds docs/architecture.md to the sources: what it names on the way of a decode is there. */
class ArchitectureDocumentTest {
  private static final Path ROOT = Path.of(System.getProperty("project.root"));
  private static final Pattern NUMBERED = Pattern.compile("(?m)^\\| \\d+ \\|([^|]+)\\|");
  private static final Pattern NAME = Pattern.compile("`([a-z/]*[A-Z]\\w+)`");

  @Test
  void everyFileOnTheWayOfADecodeIsThere() throws IOException {
    String document = Files.readString(ROOT.resolve("docs/architecture.md"));
    List<String> names =
        NUMBERED
            .matcher(document)
            .results()
            .flatMap(row -> NAME.matcher(row.group(1)).results())
            .map(name -> name.group(1))
            .toList();
    List<String> sources;
    try (Stream<Path> files = Files.walk(ROOT)) {
      sources =
          files
              .map(file -> file.toString().replace('\\', '/'))
              .filter(file -> file.contains("/src/main/java/") && file.endsWith(".java"))
              .toList();
    }
    assertThat(names)
        .hasSizeBetween(30, 45)
        .allSatisfy(
            name -> assertThat(sources).anyMatch(file -> file.endsWith("/" + name + ".java")));
  }
}
