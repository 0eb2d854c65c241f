package io.github.consistencydecoder.models.store;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.List;

/**
 * What a check of a stored model has found.
 *
 * @param id the catalogue's
 * @param path the file or folder
 * @param files one finding for each file of the model
 */
public record Verification(String id, Path path, List<FileCheck> files) {
  /** Copies the list. */
  public Verification {
    requireNonNull(id, "id");
    requireNonNull(path, "path");
    files = List.copyOf(files);
  }

  /** Whether every file is what it should be. */
  public boolean sound() {
    return files.stream().allMatch(FileCheck::sound);
  }
}
