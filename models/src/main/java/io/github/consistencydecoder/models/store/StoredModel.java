package io.github.consistencydecoder.models.store;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.models.store.catalogue.CatalogueEntry;
import java.nio.file.Path;

/**
 * One model of the catalogue and its state in the store.
 *
 * @param entry what the catalogue says
 * @param state how much of it is there
 * @param path where it is or would be
 * @param bytes of its complete files
 * @param partialBytes of downloads that have not ended
 */
public record StoredModel(
    CatalogueEntry entry, State state, Path path, long bytes, long partialBytes) {
  /** How much of a model is there. */
  public enum State {
    /** All of it. */
    INSTALLED,
    /** Some files, or parts of files. */
    PARTLY,
    /** Nothing. */
    ABSENT
  }

  /** Checks that nothing is null. */
  public StoredModel {
    requireNonNull(entry, "entry");
    requireNonNull(state, "state");
    requireNonNull(path, "path");
  }
}
