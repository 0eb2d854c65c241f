package io.github.consistencydecoder.models.store.download;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.models.store.catalogue.Checksum;

/**
 * A file that is in its place.
 *
 * @param name its name in the store
 * @param bytes its size
 * @param checksum its SHA-256, and what that has been compared with
 * @param alreadyThere whether nothing had to be fetched or copied
 */
public record PulledFile(String name, long bytes, Checksum checksum, boolean alreadyThere) {
  /** Checks that nothing is null. */
  public PulledFile {
    requireNonNull(name, "name");
    requireNonNull(checksum, "checksum");
  }
}
