package io.github.consistencydecoder.models.store.digests;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.formats.io.AtomicFiles;
import io.github.consistencydecoder.models.store.catalogue.Checksum;
import io.github.consistencydecoder.models.store.catalogue.JsonFields;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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

  /**
   * Remembers files' SHA-256 in a folder, one small file for each, named after the hash of the real
   * path. What is remembered counts only while the file's size, modification time, change time and
   * file key are the same; a damaged memory counts as none.
   */
  static final class DigestCache {
    private static final Logger LOG = LoggerFactory.getLogger(DigestCache.class);

    private static final Pattern NAME = Pattern.compile("[0-9a-f]{32}\\.json");

    private static final int SAMPLE_BYTES = 1 << 14;
    private static final int SAMPLES = 64;
    private final Path folder;

    DigestCache(Path cacheFolder) {
      this.folder = cacheFolder.resolve("digests");
    }

    /**
     * What identifies a file's state without reading all of it.
     *
     * @param changed when the file or what is known of it was changed last, which nobody can set; a
     *     digest of samples where the system does not tell, as on Windows
     * @param changedNanos that or the modification time, whichever is later
     */
    record State(
        String path,
        long bytes,
        long modifiedNanos,
        String changed,
        long changedNanos,
        String fileKey) {
      static State of(Path realPath) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(realPath, BasicFileAttributes.class);
        long modified = attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS);
        long changed = modified;
        String text;
        try {
          FileTime time = (FileTime) Files.getAttribute(realPath, "unix:ctime");
          changed = Math.max(changed, time.to(TimeUnit.NANOSECONDS));
          text = time.toString();
        } catch (UnsupportedOperationException | IllegalArgumentException e) {
          text = samples(realPath);
        }
        return new State(
            realPath.toString(),
            attributes.size(),
            modified,
            text,
            changed,
            String.valueOf(attributes.fileKey()));
      }
    }

    /**
     * A digest of blocks all over a file, the first and the last among them: no two checkpoints
     * have them in common.
     */
    static String samples(Path file) throws IOException {
      MessageDigest digest = Sha256.digest();
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
        ByteBuffer block = ByteBuffer.allocate(SAMPLE_BYTES);
        long last = Math.max(0, channel.size() - SAMPLE_BYTES);
        for (int i = 0; i <= SAMPLES; i++) {
          block.clear();
          int read = 0;
          while (block.hasRemaining() && read >= 0) {
            read = channel.read(block, (long) ((double) last / SAMPLES * i) + block.position());
          }
          digest.update(block.flip());
        }
      }
      return Sha256.hex(digest);
    }

    /** The hash of a file in that state, if it has been remembered. */
    Optional<String> find(State state) {
      return read(memory(state)).filter(memory -> memory.isOf(state)).map(Memory::sha256);
    }

    /** All that is remembered and can be read. */
    List<RememberedChecksum> all() throws IOException {
      if (!Files.isDirectory(folder)) {
        return List.of();
      }
      List<Path> files;
      try (Stream<Path> all = Files.list(folder)) {
        files =
            all.filter(f -> NAME.matcher(f.getFileName().toString()).matches()).sorted().toList();
      }
      List<RememberedChecksum> found = new ArrayList<>();
      for (Path file : files) {
        read(file).ifPresent(m -> found.add(remembered(file, m)));
      }
      return found;
    }

    private static RememberedChecksum remembered(Path file, Memory memory) {
      Path of = Path.of(memory.path());
      RememberedChecksum.State state;
      try {
        state =
            memory.isOf(State.of(of))
                ? RememberedChecksum.State.SAME
                : RememberedChecksum.State.CHANGED;
      } catch (NoSuchFileException e) {
        state = RememberedChecksum.State.GONE;
      } catch (IOException e) {
        // It is there, in a folder that is not ours to look into.
        LOG.debug("cannot look at {}", of, e);
        state = RememberedChecksum.State.SAME;
      }
      return new RememberedChecksum(file, of, memory.sha256(), state);
    }

    private static Optional<Memory> read(Path file) {
      if (!Files.isRegularFile(file)) {
        return Optional.empty();
      }
      try {
        JsonFields json =
            JsonFields.parse(file.getFileName().toString(), Files.readAllBytes(file))
                .only("path", "bytes", "modified", "changed", "fileKey", "sha256", "check");
        Memory memory =
            new Memory(
                json.text("path"),
                json.count("bytes"),
                json.text("modified"),
                json.text("changed"),
                json.text("fileKey"),
                json.text("sha256"),
                json.text("check"));
        return memory.sound() ? Optional.of(memory) : Optional.empty();
      } catch (IOException e) {
        LOG.debug("ignoring damaged memory {}", file, e);
        return Optional.empty();
      }
    }

    /** Remembers; a folder that cannot be written costs time later and is no error. */
    void remember(State state, String sha256) {
      Memory memory =
          new Memory(
                  state.path,
                  state.bytes,
                  Long.toString(state.modifiedNanos),
                  state.changed,
                  state.fileKey,
                  sha256,
                  "")
              .checked();
      try {
        AtomicFiles.write(memory(state), JsonFields.write(memory));
      } catch (IOException e) {
        LOG.debug("cannot remember the checksum of {}", state.path, e);
      }
    }

    private Path memory(State state) {
      String key = Sha256.of(state.path.getBytes(StandardCharsets.UTF_8));
      return folder.resolve(key.substring(0, 32) + ".json");
    }

    /** The file's form; nanoseconds as text because JSON numbers lose digits above 2^53. */
    private record Memory(
        String path,
        long bytes,
        String modified,
        String changed,
        String fileKey,
        String sha256,
        String check) {
      Memory checked() {
        String all = String.join("\n", path, "" + bytes, modified, changed, fileKey, sha256);
        return new Memory(
            path,
            bytes,
            modified,
            changed,
            fileKey,
            sha256,
            Sha256.of(all.getBytes(StandardCharsets.UTF_8)).substring(0, 16));
      }

      boolean sound() {
        return Checksum.isSha256(sha256) && check.equals(checked().check);
      }

      boolean isOf(State state) {
        return path.equals(state.path)
            && bytes == state.bytes
            && modified.equals(Long.toString(state.modifiedNanos))
            && changed.equals(state.changed)
            && fileKey.equals(state.fileKey);
      }
    }
  }
}
