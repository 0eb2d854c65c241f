package io.github.consistencydecoder.models.store.catalogue;

import static java.util.Objects.requireNonNull;

import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * One file of a published model.
 *
 * @param name the name that the file has in the store, a plain name without folders
 * @param addresses where it is published, in the order to try them, all {@code https}; empty for a
 *     bundled file
 * @param bytes its exact size, if known
 * @param estimatedBytes its size roughly, where the exact one is unknown
 * @param checksum its SHA-256, if known
 */
public record CatalogueFile(
    String name,
    List<URI> addresses,
    OptionalLong bytes,
    OptionalLong estimatedBytes,
    Optional<Checksum> checksum) {
  /** End of the name of a file that is being downloaded; no file of a model may have it. */
  public static final String PARTIAL_SUFFIX = ".part";

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,126}");

  /** Copies the list and checks the name. */
  public CatalogueFile {
    addresses = List.copyOf(addresses);
    requireNonNull(bytes, "bytes");
    requireNonNull(estimatedBytes, "estimatedBytes");
    requireNonNull(checksum, "checksum");
    if (!isPlainName(name)) {
      throw new IllegalArgumentException("'" + name + "' is not a plain file name");
    }
  }

  /**
   * Whether a name stays inside its folder on every platform: letters, digits, dot, dash and
   * underscore, no leading dot, no trailing one, none of the store's own endings.
   */
  static boolean isPlainName(String name) {
    return NAME.matcher(name).matches()
        && !name.endsWith(".")
        && !name.endsWith(PARTIAL_SUFFIX)
        && !name.equals(FileRecords.NAME);
  }

  /**
   * The most bytes that are stored of it: its exact size; half as much again as a rough one; else
   * what a file of its kind has, 1 MiB of JSON and 16 GiB of weights.
   */
  public long mostBytes() {
    long usual = name.endsWith(".json") ? 1L << 20 : 16L << 30;
    return bytes.orElse(
        estimatedBytes.isPresent()
            ? estimatedBytes.getAsLong() + estimatedBytes.getAsLong() / 2
            : usual);
  }

  /** The size if it is known, exactly or roughly. */
  public OptionalLong likelyBytes() {
    return bytes.isPresent() ? bytes : estimatedBytes;
  }
}
