package io.github.consistencydecoder.models.store.cache;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who uses what in a cache, among all processes of this machine and, where the file system passes
 * locks on, of others. A name is that of a file or folder; it need not exist. The system frees what
 * a process held that was killed.
 *
 * <p>Where nothing can be locked, entries are used without it.
 *
 * <p>Safe for use by several threads.
 */
public final class CacheLocks {
  private static final Logger LOG = LoggerFactory.getLogger(CacheLocks.class);

  /** Who has a name alone renames a folder and lets go. */
  private static final long LONGEST_WAIT_NANOS = TimeUnit.SECONDS.toNanos(2);

  private static final long PAUSE_MILLIS = 10;

  private static final int HEXADECIMAL = 16;

  /** That a positive long can hold. */
  private static final int DIGITS = 15;

  private final Path file;

  /**
   * The locks of a cache.
   *
   * @param cache its folder, which need not exist
   */
  public CacheLocks(Path cache) {
    this.file = cache.resolve(CacheNames.USES).resolve("lock");
  }

  /** Something that is held until it is closed; closing it again does nothing. */
  public interface Held extends AutoCloseable {
    /** Nothing. */
    Held NONE = () -> {};

    @Override
    void close();
  }

  /** Says that something is used, as others may say at the same time. */
  public Held share(String name) {
    return held(name, true);
  }

  /** Waits until nobody else has a name, and takes it. To be held for a moment only. */
  public Held alone(String name) {
    return held(name, false);
  }

  private Held held(String name, boolean shared) {
    long start = System.nanoTime();
    try {
      do {
        Optional<Held> held = LockFile.tryLock(file, position(name), shared);
        if (held.isPresent()) {
          return held.get();
        }
        pause();
      } while (System.nanoTime() - start < LONGEST_WAIT_NANOS);
      LOG.debug("{} is held by somebody who takes long", name);
    } catch (IOException e) {
      LOG.debug("{} cannot be locked in {}", name, file, e);
    }
    return Held.NONE;
  }

  /**
   * Takes something for oneself.
   *
   * @return empty if somebody uses it
   * @throws IOException if nothing can be locked here
   */
  public Optional<Held> own(String name) throws IOException {
    return LockFile.tryLock(file, position(name), false);
  }

  /** Whether somebody uses or owns something; nobody does where that cannot be told. */
  boolean used(String name) {
    if (!Files.exists(file)) {
      return false;
    }
    try (Held held = own(name).orElse(null)) {
      return held == null;
    } catch (IOException e) {
      LOG.debug("whether {} is used cannot be told", name, e);
      return false;
    }
  }

  private static void pause() throws InterruptedIOException {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for a lock");
    }
  }

  /** Where in the file a name is locked: 60 bits of its SHA-256. */
  private static long position(String name) {
    return Long.parseLong(CacheManifest.name(name), 0, DIGITS, HEXADECIMAL);
  }
}
