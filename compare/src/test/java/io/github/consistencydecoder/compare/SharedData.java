package io.github.consistencydecoder.compare;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** Real pictures beside the repository, which not every machine has. */
public final class SharedData {
  private SharedData() {}

  /** A folder of the shared data; skips the test, saying so, where there is none. */
  public static Path folder(String name) {
    Path folder =
        Path.of(System.getProperty("project.root", "."), "..", "shared", "data", name).normalize();
    assumeTrue(Files.isDirectory(folder), () -> "skipped: there is no " + folder);
    return folder;
  }
}
