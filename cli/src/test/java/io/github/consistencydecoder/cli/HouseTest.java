package io.github.consistencydecoder.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.testing.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** How large a package and a file may be: a newcomer reads each as a table of contents. */
class HouseTest {
  private static final int MOST_TYPES = 20;
  private static final int MOST_LINES = 400;

  /** The package that may be larger. */
  private static final String CONTRACT = "plugin-api io.github.consistencydecoder.plugin";

  /** What the Javadoc of a longer file says, with the reason. */
  private static final String REASON = "however long";

  private static final Set<String> OUTSIDE = Set.of("benchmarks", "examples");

  private static List<Path> sources() throws IOException {
    Path root = SharedData.inRepository("");
    try (Stream<Path> modules = Files.list(root)) {
      List<Path> folders =
          modules
              .filter(module -> !OUTSIDE.contains(module.getFileName().toString()))
              .map(module -> module.resolve("src/main/java"))
              .filter(Files::isDirectory)
              .toList();
      Set<Path> files = new TreeSet<>();
      for (Path folder : folders) {
        try (Stream<Path> all = Files.walk(folder)) {
          all.filter(file -> file.toString().endsWith(".java"))
              .filter(file -> !file.endsWith("package-info.java"))
              .forEach(files::add);
        }
      }
      assertThat(files).hasSizeGreaterThan(300);
      return List.copyOf(files);
    }
  }

  /** Module and package. */
  private static String place(Path source) {
    Path inRoot = SharedData.inRepository("").relativize(source);
    Path folder = inRoot.subpath(4, inRoot.getNameCount() - 1);
    return inRoot.getName(0) + " " + folder.toString().replace('/', '.').replace('\\', '.');
  }

  @Test
  void aPackageHasAtMostTwentyTypes() throws IOException {
    Map<String, Long> types =
        sources().stream()
            .collect(Collectors.groupingBy(HouseTest::place, TreeMap::new, Collectors.counting()));
    types.values().removeIf(count -> count <= MOST_TYPES);
    assertThat(types).containsOnlyKeys(CONTRACT);
  }

  @Test
  void aFileOfMoreLinesSaysWhy() throws IOException {
    for (Path source : sources()) {
      List<String> lines = Files.readAllLines(source);
      if (lines.size() > MOST_LINES) {
        String beforeTheType =
            lines.stream()
                .takeWhile(
                    line ->
                        !line.matches(
                            "(public |final |abstract |sealed )*(class|interface|enum|record) .*"))
                .collect(Collectors.joining("\n"));
        assertThat(beforeTheType).as(source + " has " + lines.size() + " lines").contains(REASON);
      }
    }
  }
}
