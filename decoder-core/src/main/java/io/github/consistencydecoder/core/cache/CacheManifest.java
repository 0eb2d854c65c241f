package io.github.consistencydecoder.core.cache;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a cached graph was made from, and what its files looked like when it was complete. A text
 * file: the key's lines, an empty line, then a line {@code DIGEST NAME} for each file, sorted.
 */
public final class CacheManifest {
  static final String FILE = "manifest.txt";

  private CacheManifest() {}

  /** Folder name of a key: its SHA-256, shortened. */
  public static String name(String key) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 12);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  /** Writes the manifest of a complete folder. */
  public static void write(Path folder, String key) throws IOException {
    Files.writeString(folder.resolve(FILE), text(folder, key));
  }

  /** Why the folder is not what {@code key} needs; empty if it is. */
  public static Optional<String> problem(Path folder, String key) throws IOException {
    Path file = folder.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      return Optional.of("it has no " + FILE);
    }
    String written = Files.readString(file);
    if (!written.startsWith(key + "\n\n")) {
      return Optional.of(
          "it was made from other weights, options or software, or for another processor");
    }
    return written.equals(text(folder, key))
        ? Optional.empty()
        : Optional.of("its files have changed since it was made");
  }

  /**
   * The key's lines.
   *
   * @throws IOException if the folder has no manifest, or none that can be read
   */
  static List<String> key(Path folder) throws IOException {
    List<String> lines = Files.readAllLines(folder.resolve(FILE));
    int end = lines.indexOf("");
    if (end < 0) {
      throw new IOException(FILE + " has no empty line");
    }
    return lines.subList(0, end);
  }

  private static String text(Path folder, String key) throws IOException {
    List<Path> files = new ArrayList<>();
    try (Stream<Path> all = Files.list(folder)) {
      all.filter(f -> !f.getFileName().toString().equals(FILE)).sorted().forEach(files::add);
    }
    StringBuilder text = new StringBuilder(key).append("\n\n");
    for (Path f : files) {
      text.append(SampledDigest.of(f)).append(' ').append(f.getFileName()).append('\n');
    }
    return text.toString();
  }
}
