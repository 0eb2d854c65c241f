package io.github.consistencydecoder.models.store.cache;

import java.io.IOException;
import java.nio.file.Path;

/** Another process that tries to take a name for itself, and prints whether it could. */
final class LockProbe {
  private LockProbe() {}

  /** Takes the cache's folder and a name. */
  public static void main(String[] arguments) throws IOException {
    System.out.println(
        new CacheLocks(Path.of(arguments[0])).own(arguments[1]).isPresent() ? "owned" : "in use");
  }
}
