package io.github.consistencydecoder.models.store.cache;

import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads an entry that has just been opened, all of it, and compares it with its manifest, on a
 * thread of its own while the entry is already in use. A damaged entry loses its manifest, so that
 * nobody opens it again and the next who needs it makes it anew.
 *
 * <p>Safe for use by several threads. {@link #close} stops the reading; closing again does nothing.
 */
public final class EntryCheck implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EntryCheck.class);
  private final Path entry;
  private final CompletableFuture<Optional<String>> damage = new CompletableFuture<>();
  private volatile boolean stopped;

  /** The cause of the error that a damaged entry is. */
  public static final class DamagedException extends IOException {
    private static final long serialVersionUID = 1L;

    private DamagedException(String message) {
      super(message);
    }
  }

  private EntryCheck(Path entry) {
    this.entry = entry;
  }

  /** Begins to read an entry. */
  public static EntryCheck begin(Path entry) throws IOException {
    CacheManifest manifest = CacheManifest.read(entry);
    EntryCheck check = new EntryCheck(entry);
    String identity = identity(entry);
    Thread thread =
        new Thread(() -> check.read(manifest, identity), "check-" + entry.getFileName());
    thread.setDaemon(true);
    thread.start();
    return check;
  }

  private void read(CacheManifest manifest, String identity) {
    try {
      Optional<String> found;
      try {
        found = manifest.damage(entry, () -> stopped);
      } catch (IOException e) {
        found = stopped ? Optional.empty() : Optional.of(e.toString());
      }
      found.ifPresent(what -> setAside(entry, identity, what));
      damage.complete(found);
    } catch (Throwable e) {
      damage.completeExceptionally(e);
    }
  }

  /** Tells an entry from another one that takes its name. */
  private static String identity(Path entry) throws IOException {
    BasicFileAttributes folder = Files.readAttributes(entry, BasicFileAttributes.class);
    return folder.fileKey() + " " + folder.creationTime();
  }

  private static void setAside(Path entry, String identity, String what) {
    LOG.warn("the cached graph {} is damaged ({}) and is not used again", entry, what);
    try {
      if (identity.equals(identity(entry))) {
        Files.deleteIfExists(entry.resolve(CacheManifest.FILE));
      }
    } catch (IOException e) {
      LOG.warn("the damaged {} cannot be set aside: delete it", entry, e);
    }
  }

  /**
   * Reads a complete entry here and now, and sets it aside if it is damaged.
   *
   * @return what is wrong with it; empty if it is sound
   */
  public static Optional<String> now(Path entry) throws IOException {
    String identity = identity(entry);
    Optional<String> found;
    try {
      found = CacheManifest.read(entry).damage(entry, () -> false);
    } catch (IOException e) {
      found = Optional.of(e.toString());
    }
    found.ifPresent(what -> setAside(entry, identity, what));
    return found;
  }

  /**
   * Waits until all of the entry has been read.
   *
   * @throws DecoderException {@link DecoderErrorCode#MODEL_CORRUPT} with a {@link DamagedException}
   *     as its cause if it is damaged, {@link DecoderErrorCode#CANCELLED}
   */
  public void await(Cancellation cancellation) {
    CompletableFuture<Void> cancelled = new CompletableFuture<>();
    Cancellation.Registration registration = cancellation.onCancel(() -> cancelled.complete(null));
    try {
      CompletableFuture.anyOf(damage, cancelled).get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      throw new IllegalStateException("the cached graph " + entry + " was not read", e);
    } finally {
      registration.close();
    }
    cancellation.check();
    Optional<String> found = damage.join();
    if (found.isPresent()) {
      String message = "the cached graph " + entry + " is damaged: " + found.get();
      throw new DecoderException(
          DecoderErrorCode.MODEL_CORRUPT,
          message + "; if this is said again, delete it",
          new DamagedException(message));
    }
  }

  @Override
  public void close() {
    stopped = true;
  }
}
