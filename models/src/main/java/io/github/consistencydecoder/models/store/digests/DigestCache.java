package io.github.consistencydecoder.models.store.digests;

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
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers files' SHA-256 in a folder, one small file for each, named after the hash of the real
 * path. What is remembered counts only while the file's size, modification time, change time and
 * file key are the same; a damaged memory counts as none.
 */
final class DigestCache {
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
   * A digest of blocks all over a file, the first and the last among them: no two checkpoints have
   * them in common.
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
      files = all.filter(f -> NAME.matcher(f.getFileName().toString()).matches()).sorted().toList();
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
