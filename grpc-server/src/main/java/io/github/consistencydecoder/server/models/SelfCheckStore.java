package io.github.consistencydecoder.server.models;

import io.github.consistencydecoder.formats.io.AtomicFiles;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.server.models.ModelSelfCheck.SelfCheckException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Test pictures as they came out first, one file for each combination of weights, provider, runtime
 * and device. A file is SHA-256 of the rest, then the values, float32 little-endian; one that does
 * not fit its digest is as if it were not there.
 */
public final class SelfCheckStore {
  private static final Logger LOG = LoggerFactory.getLogger(SelfCheckStore.class);
  private static final int DIGEST_BYTES = 32;

  private final Optional<Path> folder;

  /**
   * @param folder exists, or can be made; empty to remember nothing
   */
  public SelfCheckStore(Optional<Path> folder) {
    this.folder = folder;
  }

  /**
   * Compares a test picture with the one kept, or keeps it if there is none.
   *
   * @throws SelfCheckException if it is another picture
   */
  void check(DecoderInfo info, FloatBuffer values) throws SelfCheckException {
    // Without weights there is nothing whose picture could be known.
    if (folder.isEmpty() || info.digest().isEmpty()) {
      return;
    }
    Path file = folder.get().resolve(key(info) + ".golden");
    Optional<FloatBuffer> kept = read(file);
    if (kept.isPresent()) {
      ModelSelfCheck.same(
          values,
          kept.get(),
          ModelSelfCheck.TOLERANCE,
          "the test picture differs from the one these weights gave before");
    } else {
      write(file, values);
    }
  }

  private static String key(DecoderInfo info) {
    Map<String, String> parts = new TreeMap<>(info.details());
    // Where the graph came from does not change what it computes.
    parts.remove("graph");
    parts.put("digest", info.digest());
    parts.put("provider", info.provider());
    parts.put("where", info.device());
    parts.put("architecture", System.getProperty("os.arch"));
    return HexFormat.of()
        .formatHex(sha256().digest(parts.toString().getBytes(StandardCharsets.UTF_8)));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static Optional<FloatBuffer> read(Path file) {
    try {
      if (!Files.isRegularFile(file)) {
        return Optional.empty();
      }
      byte[] bytes = Files.readAllBytes(file);
      if (bytes.length > DIGEST_BYTES) {
        byte[] values = Arrays.copyOfRange(bytes, DIGEST_BYTES, bytes.length);
        if (Arrays.equals(sha256().digest(values), Arrays.copyOf(bytes, DIGEST_BYTES))) {
          return Optional.of(
              ByteBuffer.wrap(values).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer());
        }
      }
      LOG.warn("{} is damaged and will be written again", file);
    } catch (IOException e) {
      LOG.warn("{} cannot be read", file, e);
    }
    return Optional.empty();
  }

  private static void write(Path file, FloatBuffer values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.remaining()).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values.duplicate());
    ByteBuffer all = ByteBuffer.allocate(DIGEST_BYTES + bytes.remaining());
    all.put(sha256().digest(bytes.array())).put(bytes);
    try {
      AtomicFiles.write(file, all.array());
    } catch (IOException e) {
      // The next start compares with nothing, as this one did.
      LOG.warn("{} cannot be written", file, e);
    }
  }
}
