package io.github.consistencydecoder.cli.compare;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * SHA-256 of files, each read once. Not for use by several threads.
 *
 * <p>Only of files that can be inputs: whoever reads a device or a disk image as one will refuse it
 * sooner than it is digested.
 */
final class FileDigests {
  private static final int BUFFER = 1 << 16;

  /** More than a picture may have, and than thousands of latents need. */
  private static final long LARGEST = 2L << 30;

  private final Map<Path, String> known = new HashMap<>();

  /**
   * @throws IOException if it cannot be read, or is no file that could be an input
   */
  String of(Path file) throws IOException {
    String digest = known.get(file);
    if (digest == null) {
      digest = read(file);
      known.put(file, digest);
    }
    return digest;
  }

  private static String read(Path file) throws IOException {
    if (!Files.isRegularFile(file) || Files.size(file) > LARGEST) {
      throw new IOException(file + ": is no regular file of at most " + LARGEST + " bytes");
    }
    MessageDigest sha256;
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new LinkageError("every Java has SHA-256", e);
    }
    byte[] buffer = new byte[BUFFER];
    try (InputStream in = Files.newInputStream(file)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        sha256.update(buffer, 0, n);
      }
    }
    return HexFormat.of().formatHex(sha256.digest());
  }
}
