package io.github.consistencydecoder.models.store.disk;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The folders of the store and of its cache, by the customs of each platform.
 *
 * @param data models and their records
 * @param cache what can be made again
 */
public record StoreFolders(Path data, Path cache) {
  public static final String HOME = "CONSISTENCY_DECODER_HOME";
  private static final String NAME = "consistency-decoder";

  /** Both in one folder of the caller's choice. */
  public static StoreFolders at(Path folder) {
    Path absolute = folder.toAbsolutePath().normalize();
    return new StoreFolders(absolute, absolute.resolve("cache"));
  }

  /**
   * @param environment the process's environment
   * @param system the platform's name as in the system property {@code os.name}
   * @param userHome the user's home folder
   */
  public static StoreFolders standard(
      Map<String, String> environment, String system, Path userHome) {
    Optional<Path> chosen = set(environment, HOME).map(Path::of);
    if (chosen.isPresent()) {
      return at(chosen.get());
    }
    String lower = system.toLowerCase(Locale.ROOT);
    if (lower.startsWith("mac") || lower.startsWith("darwin")) {
      Path library = userHome.resolve("Library");
      return new StoreFolders(
          library.resolve("Application Support").resolve(NAME),
          library.resolve("Caches").resolve(NAME));
    }
    if (lower.startsWith("windows")) {
      Path local =
          set(environment, "LOCALAPPDATA")
              .map(Path::of)
              .orElse(userHome.resolve("AppData").resolve("Local"));
      return at(local.resolve(NAME));
    }
    return new StoreFolders(
        base(environment, "XDG_DATA_HOME", userHome.resolve(".local").resolve("share")),
        base(environment, "XDG_CACHE_HOME", userHome.resolve(".cache")));
  }

  /** The XDG base directory specification says to ignore paths that are not absolute. */
  private static Path base(Map<String, String> environment, String variable, Path otherwise) {
    return set(environment, variable)
        .map(Path::of)
        .filter(Path::isAbsolute)
        .orElse(otherwise)
        .resolve(NAME);
  }

  private static Optional<String> set(Map<String, String> environment, String variable) {
    return Optional.ofNullable(environment.get(variable)).filter(value -> !value.isBlank());
  }
}
