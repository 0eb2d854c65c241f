package io.github.consistencydecoder.models.store.cache;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder among the entries for one that is being made or removed. Its name is locked, so that
 * others can tell it from what a killed process has left.
 *
 * <p>Owns the lock, not the folder: whoever made it renames or deletes it.
 */
public final class TemporaryFolder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TemporaryFolder.class);

  private static final String BUILDING = ".building-";
  private static final String OLD = ".old-";

  /** Names that are locked; others are of a program that did not. */
  private static final Pattern LOCKED = Pattern.compile("\\.(building|old)-[0-9a-f]{32}");

  /** Without a lock to tell: nothing is built or removed for so long. */
  private static final Duration LEFT_AGE = Duration.ofDays(1);

  private final Path path;
  private final CacheLocks.Held held;

  private TemporaryFolder(Path path, CacheLocks.Held held) {
    this.path = path;
    this.held = held;
  }

  /**
   * An empty folder for an entry that is being made.
   *
   * @param cache its folder
   */
  public static TemporaryFolder building(Path cache) throws IOException {
    return create(cache, BUILDING);
  }

  /**
   * An empty folder for an entry that is being removed.
   *
   * @param cache its folder
   */
  public static TemporaryFolder old(Path cache) throws IOException {
    return create(cache, OLD);
  }

  private static TemporaryFolder create(Path cache, String prefix) throws IOException {
    Path graphs = CacheNames.graphs(cache);
    Files.createDirectories(graphs);
    String name = prefix + UUID.randomUUID().toString().replace("-", "");
    CacheLocks.Held held;
    try {
      // Before the folder is there, so that it is never seen without its lock.
      held = new CacheLocks(cache).own(name).orElse(CacheLocks.Held.NONE);
    } catch (IOException e) {
      LOG.debug("{} is made without a lock", name, e);
      held = CacheLocks.Held.NONE;
    }
    try {
      return new TemporaryFolder(Files.createDirectory(graphs.toRealPath().resolve(name)), held);
    } catch (IOException e) {
      held.close();
      throw e;
    }
  }

  /** Real path of the folder. */
  public Path path() {
    return path;
  }

  @Override
  public void close() {
    held.close();
  }

  /**
   * Deletes what killed processes have left among the entries.
   *
   * @param cache its folder
   */
  public static void deleteLeft(Path cache) throws IOException {
    for (Path folder : all(cache)) {
      if (isLeft(cache, folder)) {
        try {
          FileTree.delete(folder);
        } catch (IOException e) {
          // Where files cannot be deleted while they are mapped: the next time, then.
          LOG.debug("{} cannot be deleted", folder, e);
        }
      }
    }
  }

  /** Those that there are, whoever made them. */
  static List<Path> all(Path cache) throws IOException {
    Path graphs = CacheNames.graphs(cache);
    List<Path> found = new ArrayList<>();
    if (Files.isDirectory(graphs)) {
      try (Stream<Path> all = Files.list(graphs)) {
        all.filter(p -> CacheNames.of(p).startsWith(BUILDING) || CacheNames.of(p).startsWith(OLD))
            .filter(p -> Files.isDirectory(p, LinkOption.NOFOLLOW_LINKS))
            .sorted()
            .forEach(found::add);
      }
    }
    return found;
  }

  /** Whether nobody is at work on one of those. */
  static boolean isLeft(Path cache, Path folder) throws IOException {
    String name = CacheNames.of(folder);
    if (LOCKED.matcher(name).matches()) {
      try (CacheLocks.Held held = new CacheLocks(cache).own(name).orElse(null)) {
        return held != null;
      } catch (IOException e) {
        LOG.debug("{} cannot be locked, its age decides", folder, e);
      }
    }
    return FileTree.of(folder).modified().isBefore(Instant.now().minus(LEFT_AGE));
  }
}
