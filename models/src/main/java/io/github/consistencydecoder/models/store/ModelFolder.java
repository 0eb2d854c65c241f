package io.github.consistencydecoder.models.store;

import io.github.consistencydecoder.models.store.catalogue.CatalogueEntry;
import io.github.consistencydecoder.models.store.catalogue.CatalogueEntry.ModelLayout;
import io.github.consistencydecoder.models.store.catalogue.CatalogueFile;
import io.github.consistencydecoder.models.store.catalogue.FileRecords;
import io.github.consistencydecoder.models.store.download.PartialFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The files of one model in the store: {@code models/ID/}. */
final class ModelFolder {
  private final CatalogueEntry entry;
  private final Path folder;

  ModelFolder(CatalogueEntry entry, Path storeFolder) {
    this.entry = entry;
    this.folder = storeFolder.resolve("models").resolve(entry.id());
  }

  CatalogueEntry entry() {
    return entry;
  }

  Path folder() {
    return folder;
  }

  Path file(CatalogueFile file) {
    return folder.resolve(file.name());
  }

  /** What a decoder opens: the file, or the folder where there are several. */
  Path path() {
    return entry.layout() == ModelLayout.FILE ? file(entry.files().get(0)) : folder;
  }

  /** Files that are not there. */
  List<CatalogueFile> missing() {
    return entry.files().stream().filter(file -> !Files.isRegularFile(file(file))).toList();
  }

  /** Bytes of the complete files. */
  long bytes() throws IOException {
    long sum = 0;
    for (CatalogueFile file : entry.files()) {
      sum += size(file(file));
    }
    return sum;
  }

  /** Bytes of downloads that have not ended. */
  long partialBytes() throws IOException {
    long sum = 0;
    for (CatalogueFile file : entry.files()) {
      sum += size(part(file));
    }
    return sum;
  }

  /** Removes everything that the store may have written here, and the folder if nothing is left. */
  boolean remove() throws IOException {
    boolean removed = false;
    for (CatalogueFile file : entry.files()) {
      removed |= Files.deleteIfExists(file(file));
      removed |= Files.deleteIfExists(part(file));
      Path note = folder.resolve(file.name() + PartialFile.SUFFIX + ".json");
      removed |= Files.deleteIfExists(note);
    }
    removed |= Files.deleteIfExists(folder.resolve(FileRecords.NAME));
    if (Files.isDirectory(folder)) {
      try (var rest = Files.list(folder)) {
        if (rest.findAny().isPresent()) {
          return removed;
        }
      }
      Files.delete(folder);
    }
    return removed;
  }

  private Path part(CatalogueFile file) {
    return folder.resolve(file.name() + PartialFile.SUFFIX);
  }

  private static long size(Path file) throws IOException {
    return Files.isRegularFile(file) ? Files.size(file) : 0;
  }
}
