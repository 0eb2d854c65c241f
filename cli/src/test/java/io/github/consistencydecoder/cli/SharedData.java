package io.github.consistencydecoder.cli;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** Real pictures, latents and weights beside the repository, which not every machine has. */
public final class SharedData {
  private SharedData() {}

  /** A file or folder of the shared data; skips the test, saying so, where there is none. */
  public static Path at(String name) {
    Path path =
        Path.of(System.getProperty("project.root", "."), "..", "shared", "data", name).normalize();
    assumeTrue(Files.exists(path), () -> "skipped: there is no " + path);
    return path;
  }
}
