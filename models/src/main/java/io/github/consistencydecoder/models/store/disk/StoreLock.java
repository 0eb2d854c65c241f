package io.github.consistencydecoder.models.store.disk;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Lets one thread of one process at a time change a model's files. The lock's own file stays: to
 * delete it would let two processes lock two files of the same name.
 */
public final class StoreLock {
  private static final long PAUSE_MILLIS = 50;

  private final FileChannel channel;
  private final FileLock lock;

  private StoreLock(FileChannel channel, FileLock lock) {
    this.channel = channel;
    this.lock = lock;
  }

  /** What is done while the lock is held. */
  @FunctionalInterface
  public interface Work<T> {
    T run() throws IOException;
  }

  /** Waits until the lock is free, does something and frees it. */
  public static <T> T holding(Path file, Runnable waiting, Work<T> work) throws IOException {
    StoreLock lock = take(file, waiting);
    try {
      return work.run();
    } finally {
      lock.close();
    }
  }

  /**
   * Waits until the lock is free.
   *
   * @param waiting told once if there is something to wait for
   * @throws InterruptedIOException if the thread is interrupted meanwhile
   */
  private static StoreLock take(Path file, Runnable waiting) throws IOException {
    Files.createDirectories(file.getParent());
    boolean told = false;
    FileChannel channel = FileChannel.open(file, CREATE, WRITE);
    try {
      for (FileLock lock = tryLock(channel); ; lock = tryLock(channel)) {
        if (lock != null) {
          return new StoreLock(channel, lock);
        }
        if (!told) {
          waiting.run();
          told = true;
        }
        pause(file);
      }
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // Another thread of this process has it.
      return null;
    }
  }

  private static void pause(Path file) throws InterruptedIOException {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for " + file);
    }
  }

  private void close() throws IOException {
    try (channel) {
      lock.release();
    }
  }
}
