package io.github.consistencydecoder.models.store.digests;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Names for models by what is in their files, so that results can say exactly which weights made
 * them.
 */
public final class ModelDigests {
  /**
   * A file that changed later than this may change again without its times showing it (the coarsest
   * file system in use counts in steps of two seconds), so its hash is not remembered.
   */
  private static final long SETTLED_NANOS = TimeUnit.SECONDS.toNanos(2);

  private static final int ATTEMPTS = 3;

  private ModelDigests() {}

  /**
   * The digest of a model's files: of a single file its SHA-256; of several the SHA-256 over the
   * sorted lines {@code name NUL sha256 LF}, the name without its folders.
   *
   * <p>Hashes are remembered in {@code cacheFolder} by real path, size, modification time, change
   * time and file key, so a second call reads nothing; where the system tells no change time, as on
   * Windows, it reads samples. A damaged or unwritable folder only costs the time.
   *
   * @param files at least one
   * @return {@code sha256:} and 64 hexadecimal digits
   * @throws IOException if a file cannot be read, or keeps changing while it is read
   */
  public static String of(List<Path> files, Path cacheFolder) throws IOException {
    return of(files, cacheFolder, false, System::currentTimeMillis);
  }

  /**
   * The same, but all files are read whatever is remembered; what is read is remembered from then
   * on.
   */
  public static String anew(List<Path> files, Path cacheFolder) throws IOException {
    return of(files, cacheFolder, true, System::currentTimeMillis);
  }

  /**
   * @param millis what time it is, as {@link System#currentTimeMillis}
   */
  static String of(List<Path> files, Path cacheFolder, boolean anew, LongSupplier millis)
      throws IOException {
    requireNonNull(cacheFolder, "cacheFolder");
    if (files.isEmpty()) {
      throw new IllegalArgumentException("no files to digest");
    }
    DigestCache cache = new DigestCache(cacheFolder);
    if (files.size() == 1) {
      return "sha256:" + sha256(files.get(0), cache, anew, millis);
    }
    List<String> lines = new ArrayList<>();
    for (Path file : files) {
      lines.add(file.getFileName() + "\0" + sha256(file, cache, anew, millis) + "\n");
    }
    Collections.sort(lines);
    MessageDigest digest = Sha256.digest();
    for (String line : lines) {
      digest.update(line.getBytes(StandardCharsets.UTF_8));
    }
    return "sha256:" + Sha256.hex(digest);
  }

  /** What is remembered in a cache folder, and whether it still counts; reads no model. */
  public static List<RememberedChecksum> remembered(Path cacheFolder) throws IOException {
    return new DigestCache(cacheFolder).all();
  }

  /** Remembers the hash of a file that the store has just checked itself. */
  public static void remember(Path file, String sha256, Path cacheFolder) throws IOException {
    new DigestCache(cacheFolder).remember(DigestCache.State.of(file.toRealPath()), sha256);
  }

  private static String sha256(Path file, DigestCache cache, boolean anew, LongSupplier millis)
      throws IOException {
    Path real = file.toRealPath();
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      DigestCache.State before = DigestCache.State.of(real);
      Optional<String> remembered = anew ? Optional.empty() : cache.find(before);
      if (remembered.isPresent()) {
        return remembered.get();
      }
      long startMillis = millis.getAsLong();
      String sha256 = Sha256.of(real);
      if (DigestCache.State.of(real).equals(before)) {
        long ageNanos = TimeUnit.MILLISECONDS.toNanos(startMillis) - before.changedNanos();
        if (ageNanos > SETTLED_NANOS) {
          cache.remember(before, sha256);
        }
        return sha256;
      }
    }
    throw new IOException(
        file.getFileName() + ": changed while it was being read, " + ATTEMPTS + " times in a row");
  }
}
