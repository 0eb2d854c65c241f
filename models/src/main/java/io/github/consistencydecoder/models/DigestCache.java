package io.github.consistencydecoder.models;

import io.github.consistencydecoder.models.files.AtomicFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers files' SHA-256 in a folder, one small file for each, named after the hash of the real
 * path. What is remembered counts only while the file's size, modification time and file key are
 * the same; a damaged memory counts as none.
 */
final class DigestCache {
  private static final Logger LOG = LoggerFactory.getLogger(DigestCache.class);

  private final Path folder;

  DigestCache(Path cacheFolder) {
    this.folder = cacheFolder.resolve("digests");
  }

  /** What identifies a file's state without reading it. */
  record State(String path, long bytes, long modifiedNanos, String fileKey) {
    static State of(Path realPath) throws IOException {
      BasicFileAttributes attributes = Files.readAttributes(realPath, BasicFileAttributes.class);
      return new State(
          realPath.toString(),
          attributes.size(),
          attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS),
          String.valueOf(attributes.fileKey()));
    }
  }

  /** The hash of a file in that state, if it has been remembered. */
  Optional<String> find(State state) {
    Path memory = memory(state);
    if (!Files.isRegularFile(memory)) {
      return Optional.empty();
    }
    try {
      JsonFields json =
          JsonFields.parse(memory.getFileName().toString(), Files.readAllBytes(memory))
              .only("path", "bytes", "modified", "fileKey", "sha256");
      String sha256 = json.text("sha256");
      boolean same =
          json.text("path").equals(state.path)
              && json.count("bytes") == state.bytes
              && json.text("modified").equals(Long.toString(state.modifiedNanos))
              && json.text("fileKey").equals(state.fileKey)
              && Checksum.isSha256(sha256);
      return same ? Optional.of(sha256) : Optional.empty();
    } catch (IOException e) {
      LOG.debug("ignoring damaged memory {}", memory, e);
      return Optional.empty();
    }
  }

  /** Remembers; a folder that cannot be written costs time later and is no error. */
  void remember(State state, String sha256) {
    Memory memory =
        new Memory(
            state.path, state.bytes, Long.toString(state.modifiedNanos), state.fileKey, sha256);
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
  private record Memory(String path, long bytes, String modified, String fileKey, String sha256) {}
}
