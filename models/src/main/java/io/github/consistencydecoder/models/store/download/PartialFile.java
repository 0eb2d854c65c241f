package io.github.consistencydecoder.models.store.download;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.github.consistencydecoder.formats.io.AtomicFiles;
import io.github.consistencydecoder.models.store.catalogue.CatalogueFile;
import io.github.consistencydecoder.models.store.catalogue.JsonFields;
import io.github.consistencydecoder.models.store.digests.Sha256;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A download that is not complete: {@code NAME.part}, and beside it {@code NAME.part.json} which
 * says what it is the beginning of. Its SHA-256 is kept up as it grows. Owns its channel; for one
 * thread.
 *
 * <p>Closing keeps what has come, for a later attempt, and removes an empty file.
 */
public final class PartialFile implements AutoCloseable {
  public static final String SUFFIX = CatalogueFile.PARTIAL_SUFFIX;

  private static final Logger LOG = LoggerFactory.getLogger(PartialFile.class);

  private final Path target;
  private final Path part;
  private final Path origin;
  private final FileChannel channel;
  private MessageDigest digest = Sha256.digest();
  private long bytes;
  private boolean fromEarlierRun;

  private PartialFile(Path target, Path part, FileChannel channel) {
    this.target = target;
    this.part = part;
    this.origin = part.resolveSibling(part.getFileName() + ".json");
    this.channel = channel;
  }

  /**
   * Opens what an earlier attempt left, or begins anew. A link in its place is refused.
   *
   * @param listener told of progress while the earlier attempt's bytes are read again
   */
  static PartialFile open(Path target, PullListener listener) throws IOException {
    Path part = target.resolveSibling(target.getFileName() + SUFFIX);
    FileChannel channel = FileChannel.open(part, Set.of(CREATE, READ, WRITE, NOFOLLOW_LINKS));
    PartialFile file = new PartialFile(target, part, channel);
    try {
      long size = channel.size();
      if (size > 0) {
        String name = target.getFileName().toString();
        file.bytes = Sha256.update(file.digest, part, done -> listener.checking(name, done, size));
        file.fromEarlierRun = true;
      }
      channel.position(file.bytes);
      return file;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** What a partial file is the beginning of. */
  record Origin(String address, String validator) {}

  /** How many bytes there are. */
  long bytes() {
    return bytes;
  }

  /** Whether some of the bytes were there before this run, so that a fresh start may help. */
  boolean fromEarlierRun() {
    return fromEarlierRun;
  }

  Path folder() {
    return target.getParent();
  }

  /** What was noted when this file was begun; empty if nothing usable was. */
  Optional<Origin> origin() {
    if (!Files.isRegularFile(origin, NOFOLLOW_LINKS)) {
      return Optional.empty();
    }
    try {
      JsonFields json =
          JsonFields.parse(origin.toString(), Files.readAllBytes(origin))
              .only("address", "validator");
      return Optional.of(new Origin(json.text("address"), json.text("validator")));
    } catch (IOException e) {
      LOG.debug("ignoring damaged note {}", origin, e);
      return Optional.empty();
    }
  }

  /** Throws away what there is. */
  void restart() throws IOException {
    channel.truncate(0);
    channel.position(0);
    Files.deleteIfExists(origin);
    digest = Sha256.digest();
    bytes = 0;
    fromEarlierRun = false;
  }

  /**
   * Starts from nothing and notes what this is the beginning of.
   *
   * @param validator the server's own mark for this state of the file, empty if it gave none
   */
  void begin(URI address, String validator) throws IOException {
    restart();
    if (!validator.isBlank()) {
      Map<String, Object> note = new LinkedHashMap<>();
      note.put("address", address.toString());
      note.put("validator", validator);
      AtomicFiles.write(origin, JsonFields.write(note));
    }
  }

  /** Appends; the buffer is left as it was. */
  void write(ByteBuffer buffer) throws IOException {
    ByteBuffer remaining = buffer.duplicate();
    while (remaining.hasRemaining()) {
      channel.write(remaining);
    }
    digest.update(buffer.duplicate());
    bytes += buffer.remaining();
  }

  /** The SHA-256 of all bytes; nothing may be written afterwards but by {@link #restart}. */
  String sha256() throws IOException {
    channel.force(true);
    return Sha256.hex(digest);
  }

  Path path() {
    return part;
  }

  /** Gives the complete file its name. */
  void install() throws IOException {
    channel.close();
    AtomicFiles.install(part, target);
    Files.deleteIfExists(origin);
  }

  @Override
  public void close() throws IOException {
    if (channel.isOpen()) {
      channel.close();
      if (bytes == 0) {
        Files.deleteIfExists(part);
        Files.deleteIfExists(origin);
      }
    }
  }
}
