package io.github.consistencydecoder.models.store;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.models.store.catalogue.CatalogueEntry;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A model that can be opened.
 *
 * @param name the catalogue's id, or the file's or folder's name
 * @param path the file or folder, absolute
 * @param entry what the catalogue says about it; empty for a path of the user's own
 */
public record ResolvedModel(String name, Path path, Optional<CatalogueEntry> entry) {
  /** Checks that nothing is null. */
  public ResolvedModel {
    requireNonNull(name, "name");
    requireNonNull(path, "path");
    requireNonNull(entry, "entry");
  }
}
