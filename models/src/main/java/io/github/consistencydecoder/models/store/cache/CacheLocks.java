package io.github.consistencydecoder.models.store.cache;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Locks on what is in use in a cache, among all processes of this machine and, where the file
 * system passes locks on, of others. A name is that of a file or folder; it need not exist. The
 * system frees what a process held that was killed.
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

  /**
   * A file of whose bytes each stands for something that is locked. This process opens it once,
   * because on POSIX systems closing any channel of a file gives up all the locks that the process
   * has in it. It is open while anything is locked.
   *
   * <p>Safe for use by several threads.
   */
  static final class LockFile {
    private static final Logger LOG = LoggerFactory.getLogger(LockFile.class);

    /** The open ones by real path. */
    private static final Map<Path, LockFile> OPEN = new HashMap<>();

    private final Path file;
    private final Object key;
    private final FileChannel channel;
    private final boolean writable;
    private final Map<Long, Region> regions = new HashMap<>();

    private static final class Region {
      private final FileLock lock;
      private final boolean shared;
      private int holders = 1;

      Region(FileLock lock, boolean shared) {
        this.lock = lock;
        this.shared = shared;
      }
    }

    private LockFile(Path file, FileChannel channel, boolean writable) throws IOException {
      this.file = file;
      this.channel = channel;
      this.writable = writable;
      this.key = key(file);
    }

    /**
     * Locks a byte, without waiting.
     *
     * @param file made where needed, and never deleted: to delete it would let two processes lock
     *     two files of the same name
     * @param shared whether others may hold it likewise
     * @return empty if somebody holds it who does not share it
     * @throws IOException if nothing can be locked here
     */
    static Optional<CacheLocks.Held> tryLock(Path file, long at, boolean shared)
        throws IOException {
      synchronized (OPEN) {
        Files.createDirectories(file.getParent());
        Path real = file.getParent().toRealPath().resolve(file.getFileName());
        LockFile open = OPEN.get(real);
        if (open == null || !open.isThere()) {
          open = open(real);
          OPEN.put(real, open);
        }
        try {
          return open.lock(at, shared);
        } finally {
          open.closeIfUnused();
        }
      }
    }

    private static LockFile open(Path file) throws IOException {
      FileChannel channel;
      boolean writable = true;
      try {
        channel = FileChannel.open(file, READ, WRITE, CREATE);
      } catch (FileSystemException e) {
        // Of another user, or on a medium that cannot be written: enough to say what is used.
        writable = false;
        channel = FileChannel.open(file, READ);
      }
      try {
        return new LockFile(file, channel, writable);
      } catch (IOException e) {
        channel.close();
        throw e;
      }
    }

    private static Object key(Path file) throws IOException {
      return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    }

    /** Whether the open file still has its name; not if somebody has deleted the whole cache. */
    private boolean isThere() {
      try {
        // An interrupt of a thread that locks closes it.
        return channel.isOpen() && Objects.equals(key, key(file));
      } catch (IOException e) {
        return false;
      }
    }

    private Optional<CacheLocks.Held> lock(long at, boolean shared) throws IOException {
      Region region = regions.get(at);
      if (region != null) {
        if (!shared || !region.shared) {
          return Optional.empty();
        }
        region.holders++;
        return Optional.of(new Holding(at, region));
      }
      if (!shared && !writable) {
        throw new AccessDeniedException(file.toString());
      }
      FileLock lock;
      try {
        lock = channel.tryLock(at, 1, shared);
      } catch (OverlappingFileLockException e) {
        // Held in this process, but by classes of another loader.
        lock = null;
      }
      if (lock == null) {
        return Optional.empty();
      }
      Region locked = new Region(lock, shared);
      regions.put(at, locked);
      return Optional.of(new Holding(at, locked));
    }

    private void closeIfUnused() throws IOException {
      if (regions.isEmpty()) {
        OPEN.remove(file, this);
        channel.close();
      }
    }

    private final class Holding implements CacheLocks.Held {
      private final long at;
      private final Region region;
      private boolean closed;

      Holding(long at, Region region) {
        this.at = at;
        this.region = region;
      }

      @Override
      public void close() {
        synchronized (OPEN) {
          if (closed) {
            return;
          }
          closed = true;
          region.holders--;
          if (region.holders > 0) {
            return;
          }
          regions.remove(at);
          try {
            region.lock.release();
            closeIfUnused();
          } catch (IOException e) {
            // It ends with the process at the latest.
            LOG.debug("cannot unlock a byte of {}", file, e);
          }
        }
      }
    }
  }
}
