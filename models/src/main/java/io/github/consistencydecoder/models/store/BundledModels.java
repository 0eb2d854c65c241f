package io.github.consistencydecoder.models.store;

import io.github.consistencydecoder.formats.io.AtomicFiles;
import io.github.consistencydecoder.models.store.catalogue.CatalogueEntry;
import io.github.consistencydecoder.models.store.catalogue.CatalogueEntry.ModelLayout;
import io.github.consistencydecoder.models.store.catalogue.CatalogueFile;
import io.github.consistencydecoder.models.store.catalogue.Checksum;
import io.github.consistencydecoder.models.store.catalogue.Checksum.Trust;
import io.github.consistencydecoder.models.store.digests.Sha256;
import io.github.consistencydecoder.models.store.disk.DiskProblem;
import io.github.consistencydecoder.models.store.download.PulledFile;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Models that come inside the program, as class-path resources below a folder named after their id.
 * They are unpacked on first use, because tensors are mapped from files: to a folder of the cache
 * named after their content, so that two versions of the program do not disturb each other, and
 * written again where a file is not what it should be.
 */
final class BundledModels {
  private static final int DIGEST_DIGITS = 16;

  private static final Logger LOG = LoggerFactory.getLogger(BundledModels.class);

  private final Path folder;

  BundledModels(Path cacheFolder) {
    this.folder = cacheFolder.resolve("bundled");
  }

  /**
   * Unpacked files.
   *
   * @param path the folder, or the file where the layout is a file
   */
  record Unpacked(Path path, List<PulledFile> files) {}

  /**
   * Where a model is or will be unpacked.
   *
   * @param path the folder, or the file where the layout is a file
   */
  record Location(Path path, long bytes) {}

  /** Where a model's files are or will be; empty if this build has no such model. */
  Optional<Location> location(CatalogueEntry entry) {
    Map<String, byte[]> contents;
    try {
      contents = read(entry);
    } catch (DecoderException e) {
      LOG.debug("bundled model {} is absent", entry.id(), e);
      return Optional.empty();
    }
    long bytes = contents.values().stream().mapToLong(content -> content.length).sum();
    return Optional.of(new Location(path(entry, folder(entry, contents)), bytes));
  }

  /** Deletes unpacked copies, also those of other versions of the program. */
  boolean remove(CatalogueEntry entry) throws IOException {
    if (!Files.isDirectory(folder)) {
      return false;
    }
    boolean removed = false;
    try (DirectoryStream<Path> copies = Files.newDirectoryStream(folder, pattern(entry))) {
      for (Path copy : copies) {
        for (CatalogueFile file : entry.files()) {
          removed |= Files.deleteIfExists(copy.resolve(file.name()));
        }
        Files.deleteIfExists(copy);
      }
    }
    return removed;
  }

  /** A model's copy of this program, there or not, and those of other versions that are there. */
  List<BundledCopy> copies(CatalogueEntry entry) throws IOException {
    List<BundledCopy> copies = new ArrayList<>();
    Optional<Path> current = Optional.empty();
    try {
      current = Optional.of(folder(entry, read(entry)));
    } catch (DecoderException e) {
      LOG.debug("bundled model {} is absent", entry.id(), e);
    }
    current.ifPresent(path -> copies.add(new BundledCopy(entry.id(), path, true)));
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, pattern(entry))) {
        for (Path copy : found) {
          if (current.isEmpty() || !copy.equals(current.get())) {
            copies.add(new BundledCopy(entry.id(), copy, false));
          }
        }
      }
    }
    return copies;
  }

  private static String pattern(CatalogueEntry entry) {
    return entry.id() + "-" + "[0-9a-f]".repeat(DIGEST_DIGITS);
  }

  /**
   * Unpacks what is not there yet. Several processes may do so at once: each writes the same bytes
   * under a name of its own and renames.
   *
   * @throws DecoderException {@link DecoderErrorCode#MODEL_MISSING} if this build has no such model
   *     or it cannot be written
   */
  Unpacked unpack(CatalogueEntry entry) {
    Map<String, byte[]> contents = read(entry);
    Path home = folder(entry, contents);
    List<PulledFile> files = new ArrayList<>();
    try {
      for (Map.Entry<String, byte[]> content : contents.entrySet()) {
        Path file = home.resolve(content.getKey());
        String sha256 = Sha256.of(content.getValue());
        boolean there = isSame(file, content.getValue().length, sha256);
        if (!there) {
          AtomicFiles.write(file, content.getValue());
        }
        Checksum checksum = new Checksum(sha256, Trust.BUNDLED);
        files.add(new PulledFile(content.getKey(), content.getValue().length, checksum, there));
      }
    } catch (IOException e) {
      throw new DecoderException(
          DecoderErrorCode.MODEL_MISSING,
          StoreMessages.bundledNotWritable(entry, home, DiskProblem.phrase(e)),
          e);
    }
    noteUse(home);
    return new Unpacked(path(entry, home), files);
  }

  /** The folder's modification time says when it was last used, for who cleans the cache. */
  private static void noteUse(Path home) {
    try {
      Files.setLastModifiedTime(home, FileTime.from(Instant.now()));
    } catch (IOException e) {
      LOG.debug("the use of {} cannot be noted", home, e);
    }
  }

  private static Path path(CatalogueEntry entry, Path home) {
    return entry.layout() == ModelLayout.FILE ? home.resolve(entry.files().get(0).name()) : home;
  }

  private static boolean isSame(Path file, long bytes, String sha256) throws IOException {
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        && Files.size(file) == bytes
        && Sha256.of(file).equals(sha256);
  }

  private Path folder(CatalogueEntry entry, Map<String, byte[]> contents) {
    MessageDigest digest = Sha256.digest();
    contents.forEach(
        (name, bytes) ->
            digest.update(
                (name + "\0" + Sha256.of(bytes) + "\n").getBytes(StandardCharsets.UTF_8)));
    return folder.resolve(entry.id() + "-" + Sha256.hex(digest).substring(0, DIGEST_DIGITS));
  }

  private static Map<String, byte[]> read(CatalogueEntry entry) {
    Map<String, byte[]> contents = new LinkedHashMap<>();
    for (CatalogueFile file : entry.files()) {
      String resource = "/io/github/consistencydecoder/models/" + entry.id() + "/" + file.name();
      try (InputStream in = BundledModels.class.getResourceAsStream(resource)) {
        if (in == null) {
          throw new DecoderException(
              DecoderErrorCode.MODEL_MISSING, StoreMessages.bundledAbsent(entry, file.name()));
        }
        contents.put(file.name(), in.readAllBytes());
      } catch (IOException e) {
        throw new DecoderException(
            DecoderErrorCode.MODEL_MISSING,
            StoreMessages.bundledAbsent(entry, file.name()) + " (" + e.getMessage() + ")",
            e);
      }
    }
    return contents;
  }
}
