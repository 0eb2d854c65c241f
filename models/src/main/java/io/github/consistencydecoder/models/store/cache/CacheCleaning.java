package io.github.consistencydecoder.models.store.cache;

import java.io.File;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Removes things from a cache that others may be using: what a process has open, makes or removes
 * itself is left to it.
 *
 * <p>Safe for use by several threads.
 *
 * @param cache its folder
 */
public record CacheCleaning(Path cache) {
  /** What became of a thing. */
  public enum Outcome {
    /** It is gone, and its bytes are free. */
    REMOVED,
    /** Somebody was faster. */
    GONE,
    /** It stays, because a process has it open. */
    IN_USE
  }

  /**
   * What is to be removed.
   *
   * @param all everything, not just what is of no use to anybody
   * @param unusedFor weights, graphs and unpacked models, too, that were not used for so long
   */
  public record Rule(boolean all, Optional<Duration> unusedFor) {
    /** Whether a thing falls under it. */
    public boolean takes(CacheItem item, Instant now) {
      return item.state().useless()
          || all
          || (unusedFor.isPresent()
              && item.kind().noted()
              && item.lastUse().isBefore(now.minus(unusedFor.get())));
    }
  }

  /**
   * Removes a thing.
   *
   * @throws IOException if it cannot be
   */
  public Outcome remove(CacheItem item) throws IOException {
    return switch (item.kind()) {
      case WEIGHTS, GRAPH -> removeEntry(item.path());
      case MODEL -> item.inUse() ? Outcome.IN_USE : removeTree(item.path());
      case RUNTIME -> item.inUse() ? Outcome.IN_USE : removeRuntime(item.path());
      case LEFTOVER -> removeLeftover(item);
      case CHECKSUM, PICTURE -> Files.deleteIfExists(item.path()) ? Outcome.REMOVED : Outcome.GONE;
    };
  }

  /** Out of the way in one rename, so that nobody ever sees half of it. */
  private Outcome removeEntry(Path entry) throws IOException {
    String name = CacheNames.of(entry);
    try (TemporaryFolder old = TemporaryFolder.old(cache)) {
      Outcome outcome;
      try (CacheLocks.Held held = new CacheLocks(cache).own(name).orElse(null)) {
        outcome = held == null ? Outcome.IN_USE : moved(entry, old.path().resolve("entry"));
      } finally {
        FileTree.delete(old.path());
      }
      return outcome;
    }
  }

  private Outcome moved(Path entry, Path to) throws IOException {
    try {
      Files.move(entry, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      return Outcome.GONE;
    }
    new UseRecords(cache).forget(CacheNames.of(entry));
    return Outcome.REMOVED;
  }

  private Outcome removeLeftover(CacheItem item) throws IOException {
    if (item.inUse()) {
      return Outcome.IN_USE;
    }
    if (!Files.isDirectory(item.path())) {
      return Files.deleteIfExists(item.path()) ? Outcome.REMOVED : Outcome.GONE;
    }
    return TemporaryFolder.isLeft(cache, item.path()) ? removeTree(item.path()) : Outcome.IN_USE;
  }

  /**
   * Removes an unpacked native library. A process that has loaded it keeps it, and the next one
   * unpacks what is missing. Windows refuses to delete a file that is loaded.
   */
  private static Outcome removeRuntime(Path folder) throws IOException {
    try {
      return removeTree(folder);
    } catch (AccessDeniedException e) {
      if (File.separatorChar == '\\') {
        return Outcome.IN_USE;
      }
      throw e;
    }
  }

  private static Outcome removeTree(Path root) throws IOException {
    if (!Files.exists(root)) {
      return Outcome.GONE;
    }
    FileTree.delete(root);
    return Outcome.REMOVED;
  }
}
