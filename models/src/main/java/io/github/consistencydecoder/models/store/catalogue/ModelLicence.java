package io.github.consistencydecoder.models.store.catalogue;

import static java.util.Objects.requireNonNull;

/**
 * Under which licence a model is published.
 *
 * @param name a licence's name, or {@code unknown}
 * @param note what is and is not known about it; may be empty
 */
public record ModelLicence(String name, String note) {
  /** Checks that neither is null. */
  public ModelLicence {
    requireNonNull(name, "name");
    requireNonNull(note, "note");
  }

  @Override
  public String toString() {
    return note.isEmpty() ? name : name + " (" + note + ")";
  }
}
