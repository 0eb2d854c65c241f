package io.github.consistencydecoder.models.store.cache;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * The origin of a cached graph and the contents of its files when it was complete. A text file: the
 * key's lines, an empty line, a line {@code NAME BYTES CHECKSUMS} for each file, sorted, and a line
 * {@code check CHECKSUM} of all that is above it. A checksum is a CRC-32C in hexadecimal; a file
 * has one for each mebibyte.
 *
 * @param key what the graph was made from
 * @param contents of the files
 */
public record CacheManifest(List<String> key, List<Content> contents) {
  static final String FILE = "manifest.txt";
  private static final String CHECK = "check ";
  private static final int BLOCK = 1 << 20;
  private static final int DIGITS = 8;

  /** How the names of files end that only hold numbers: those are read while they are in use. */
  private static final String WEIGHTS = ".weights";

  /** What was in a file: all the checksums of its blocks in one text. */
  private record Content(String name, long bytes, String sums) {
    boolean weights() {
      return name.endsWith(WEIGHTS);
    }
  }

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
    StringBuilder text = new StringBuilder(key).append("\n\n");
    for (Path file : files(folder)) {
      String sums = sums(file, () -> false);
      text.append(file.getFileName()).append(' ').append(Files.size(file)).append(' ');
      text.append(sums).append('\n');
    }
    Files.writeString(folder.resolve(FILE), text + CHECK + sum(text.toString()) + "\n");
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(f -> !f.getFileName().toString().equals(FILE)).sorted().toList();
    }
  }

  /**
   * The manifest of a folder.
   *
   * @throws IOException if it has none, or one that is damaged or without checksums
   */
  static CacheManifest read(Path folder) throws IOException {
    String text = Files.readString(folder.resolve(FILE));
    int end = text.lastIndexOf(CHECK);
    if (end < 0) {
      throw new IOException(FILE + " has no checksums");
    }
    if (!text.substring(end).equals(CHECK + sum(text.substring(0, end)) + "\n")) {
      throw new IOException(FILE + " is damaged");
    }
    List<String> lines = text.substring(0, end).lines().toList();
    int empty = lines.indexOf("");
    List<Content> contents = new ArrayList<>();
    for (String line : lines.subList(empty + 1, lines.size())) {
      String[] parts = line.split(" ", 3);
      contents.add(new Content(parts[0], Long.parseLong(parts[1]), parts[2]));
    }
    return new CacheManifest(lines.subList(0, empty), contents);
  }

  /**
   * Why the folder is not what {@code key} needs; empty if it is, as far as the sizes of its files
   * and all but the weights show. {@link EntryCheck} reads those.
   */
  public static Optional<String> problem(Path folder, String key) throws IOException {
    if (!Files.isRegularFile(folder.resolve(FILE))) {
      return Optional.of("it has no " + FILE);
    }
    if (!String.join("\n", key(folder)).equals(key)) {
      return Optional.of(
          "it was made from other weights, options or software, or for another processor");
    }
    return read(folder).damage(folder, content -> !content.weights(), () -> false);
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

  /**
   * Which file is not what it was; empty if all are. Reads all files.
   *
   * @param stop ends it early
   */
  Optional<String> damage(Path folder, BooleanSupplier stop) throws IOException {
    return damage(folder, content -> true, stop);
  }

  private Optional<String> damage(Path folder, Predicate<Content> which, BooleanSupplier stop)
      throws IOException {
    List<String> there = files(folder).stream().map(f -> f.getFileName().toString()).toList();
    if (!there.equals(contents.stream().map(Content::name).toList())) {
      return Optional.of("its files are " + there);
    }
    for (Content content : contents) {
      Path file = folder.resolve(content.name);
      if (Files.size(file) != content.bytes) {
        return Optional.of(
            content.name + " has " + Files.size(file) + " bytes, not " + content.bytes);
      }
    }
    for (Content content : contents) {
      if (which.test(content)) {
        String sums = sums(folder.resolve(content.name), stop);
        if (!sums.equals(content.sums) && !stop.getAsBoolean()) {
          int block = 0;
          while (sums.regionMatches(0, content.sums, 0, (block + 1) * DIGITS)) {
            block++;
          }
          return Optional.of(
              content.name + " has changed in its mebibyte " + block + ", counted from 0");
        }
      }
    }
    return Optional.empty();
  }

  private static String sums(Path file, BooleanSupplier stop) throws IOException {
    StringBuilder sums = new StringBuilder();
    ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
    CRC32C crc = new CRC32C();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      boolean more = true;
      while (more && !stop.getAsBoolean()) {
        block.clear();
        while (more && block.hasRemaining()) {
          more = channel.read(block) >= 0;
        }
        crc.reset();
        crc.update(block.flip());
        sums.append(HexFormat.of().toHexDigits((int) crc.getValue()));
      }
    }
    return sums.toString();
  }

  private static String sum(String text) {
    CRC32C crc = new CRC32C();
    crc.update(text.getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().toHexDigits((int) crc.getValue());
  }
}
