package io.github.consistencydecoder.models.store;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.models.store.download.PulledFile;
import java.nio.file.Path;
import java.util.List;

/**
 * A model that has been pulled or imported.
 *
 * @param id the catalogue's
 * @param path the file or the folder to open
 * @param files that are in their place
 * @param missing names of files still to be imported; empty after a pull
 */
public record Pulled(String id, Path path, List<PulledFile> files, List<String> missing) {
  /** Copies the lists. */
  public Pulled {
    requireNonNull(id, "id");
    requireNonNull(path, "path");
    files = List.copyOf(files);
    missing = List.copyOf(missing);
  }

  /** A line for each file: its name, its checksum and what that is worth. */
  public List<String> sentences() {
    return files.stream()
        .map(
            file ->
                "%s: sha256 %s, %s"
                    .formatted(
                        file.name(), file.checksum().sha256(), file.checksum().trust().sentence()))
        .toList();
  }
}
