package io.github.consistencydecoder.formats.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.consistencydecoder.formats.archive.HostileArchiveTest;
import io.github.consistencydecoder.formats.archive.HostilePickleTest;
import io.github.consistencydecoder.formats.archive.HostileZipTest;
import io.github.consistencydecoder.formats.tensors.HostileSafetensorsTest;
import io.github.consistencydecoder.formats.tensors.NpyFileTest;
import io.github.consistencydecoder.testing.SharedData;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The document lists every hostile file that the tests build, by the test's name in words. */
class HostileFilesDocumentTest {
  @ParameterizedTest
  @ValueSource(
      classes = {
        HostileSafetensorsTest.class,
        HostileZipTest.class,
        HostileArchiveTest.class,
        HostilePickleTest.class,
        NpyFileTest.class,
        CheckpointsTest.class
      })
  void everyRefusalIsListed(Class<?> tests) throws IOException {
    Path document = SharedData.inRepository("docs/hostile-files.md");
    assumeTrue(Files.exists(document), "skipped: docs/hostile-files.md is not here");
    String text = Files.readString(document);
    assertThat(Stream.of(tests.getDeclaredMethods()).flatMap(HostileFilesDocumentTest::refusals))
        .isNotEmpty()
        .allSatisfy(sentence -> assertThat(text).contains("| " + sentence + " |"));
  }

  /** Of a table of rules the first column, of any other test its name in words. */
  private static Stream<String> refusals(Method test) {
    if (test.isSynthetic()) {
      return Stream.empty();
    }
    CsvSource table = test.getAnnotation(CsvSource.class);
    return table != null && !table.textBlock().isEmpty()
        ? table.textBlock().lines().map(row -> row.substring(0, row.indexOf('|')).strip())
        : Stream.of(test.getName())
            .filter(name -> name.contains("Refused"))
            .map(HostileFilesDocumentTest::words);
  }

  private static String words(String name) {
    return name.replaceAll("([A-Z])", " $1").toLowerCase(Locale.ROOT);
  }
}
