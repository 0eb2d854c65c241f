package io.github.consistencydecoder.models.store;

import static java.nio.file.StandardOpenOption.WRITE;

import io.github.consistencydecoder.formats.io.AtomicFiles;
import io.github.consistencydecoder.models.store.catalogue.CatalogueEntry;
import io.github.consistencydecoder.models.store.catalogue.CatalogueFile;
import io.github.consistencydecoder.models.store.catalogue.Checksum;
import io.github.consistencydecoder.models.store.catalogue.Checksum.Trust;
import io.github.consistencydecoder.models.store.digests.Sha256;
import io.github.consistencydecoder.models.store.disk.DiskSpace;
import io.github.consistencydecoder.models.store.download.ContentSniffer;
import io.github.consistencydecoder.models.store.download.PullListener;
import io.github.consistencydecoder.models.store.download.PulledFile;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Takes over files that the user has brought: checked first, then linked where the file system can
 * and copied otherwise, under a temporary name and then renamed.
 */
final class ModelImport {
  private final ModelFolder home;
  private final PullListener listener;
  private final DiskSpace space;

  ModelImport(ModelFolder home, PullListener listener, DiskSpace space) {
    this.home = home;
    this.listener = listener;
    this.space = space;
  }

  /**
   * Which file of the model each of the user's files is. A single-file model takes a file of any
   * name; otherwise names must agree.
   *
   * @throws DecoderException {@link DecoderErrorCode#MODEL_MISSING} if there is nothing to import
   */
  Map<CatalogueFile, Path> match(Path source) {
    CatalogueEntry entry = home.entry();
    Map<CatalogueFile, Path> found = new LinkedHashMap<>();
    if (Files.isDirectory(source)) {
      for (CatalogueFile file : entry.files()) {
        Path candidate = source.resolve(file.name());
        if (Files.isRegularFile(candidate)) {
          found.put(file, candidate);
        }
      }
      if (found.isEmpty()) {
        throw missing(StoreMessages.importFindsNothing(entry, source));
      }
    } else if (!Files.isRegularFile(source)) {
      throw missing("no file or folder " + source);
    } else if (entry.files().size() == 1) {
      found.put(entry.files().get(0), source);
    } else {
      CatalogueFile file =
          entry
              .file(source.getFileName().toString())
              .orElseThrow(() -> missing(StoreMessages.importNeedsName(entry, source)));
      found.put(file, source);
    }
    return found;
  }

  /**
   * Checks a file and puts it in its place.
   *
   * @throws DecoderException {@link DecoderErrorCode#MODEL_CORRUPT} if it is not that file
   */
  PulledFile bring(CatalogueFile file, Path source) throws IOException {
    Path real = source.toRealPath();
    long bytes = Files.size(real);
    if (file.bytes().isPresent() && file.bytes().getAsLong() != bytes) {
      throw wrong(file, source, "it has " + bytes + " bytes, needed " + file.bytes().getAsLong());
    }
    Path target = home.file(file);
    Path temporary = AtomicFiles.temporary(target);
    try {
      linkOrCopy(real, temporary, bytes, file.name());
      String sha256 = Sha256.of(temporary, done -> listener.checking(file.name(), done, bytes));
      Checksum checksum = file.checksum().orElse(new Checksum(sha256, Trust.FIRST_USE));
      if (!checksum.sha256().equals(sha256)) {
        throw wrong(file, source, "its SHA-256 is " + sha256 + ", needed " + checksum.sha256());
      }
      Optional<String> complaint =
          file.checksum().isEmpty()
              ? ContentSniffer.complaint(file.name(), temporary)
              : Optional.empty();
      if (complaint.isPresent()) {
        throw wrong(file, source, "it " + complaint.get());
      }
      AtomicFiles.install(temporary, target);
      return new PulledFile(file.name(), bytes, checksum, false);
    } finally {
      // Renaming a link onto another link of the same file leaves both.
      Files.deleteIfExists(temporary);
    }
  }

  private void linkOrCopy(Path real, Path temporary, long bytes, String name) throws IOException {
    try {
      Files.createLink(temporary, real);
    } catch (IOException | UnsupportedOperationException e) {
      // Another disk, or a file system without links.
      space.need(home.folder(), bytes, name);
      Files.copy(real, temporary);
      try (FileChannel channel = FileChannel.open(temporary, WRITE)) {
        channel.force(true);
      }
    }
  }

  private DecoderException wrong(CatalogueFile file, Path source, String reason) {
    return new DecoderException(
        DecoderErrorCode.MODEL_CORRUPT,
        StoreMessages.importWrong(home.entry(), file, source, reason));
  }

  private static DecoderException missing(String message) {
    return new DecoderException(DecoderErrorCode.MODEL_MISSING, message);
  }
}
