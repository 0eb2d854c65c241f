package io.github.consistencydecoder.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** Files of the repository, and real ones beside it, which not every machine has. */
public final class SharedData {
  private SharedData() {}

  /** A file or folder of this repository. */
  public static Path inRepository(String path) {
    return Path.of(System.getProperty("project.root", "..")).resolve(path);
  }

  /** A file or folder of the shared data; skips the test, saying so, where there is none. */
  public static Path at(String name) {
    return beside("data/" + name);
  }

  /** A file or folder of the shared ones; skips the test, saying so, where there is none. */
  public static Path beside(String path) {
    Path shared = inRepository("../shared").resolve(path).normalize();
    assumeTrue(Files.exists(shared), () -> "skipped: there is no " + shared);
    return shared;
  }
}
