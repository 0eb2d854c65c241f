package io.github.consistencydecoder.models.store;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.List;

/**
 * The findings of a check of a stored model.
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

  /**
   * What a check of one stored file has found.
   *
   * @param name the file's name
   * @param finding whether it is what it should be
   * @param detail in words
   */
  public record FileCheck(String name, Finding finding, String detail) {
    /** What a check can find. */
    public enum Finding {
      /** It is what it should be. */
      SOUND,
      /** There was nothing to compare with; its checksum has been recorded now. */
      RECORDED,
      /** It is not there. */
      MISSING,
      /** It is not what it should be. */
      WRONG
    }

    /** Checks that nothing is null. */
    public FileCheck {
      requireNonNull(name, "name");
      requireNonNull(finding, "finding");
      requireNonNull(detail, "detail");
    }

    /** Whether there is nothing to complain of. */
    public boolean sound() {
      return finding == Finding.SOUND || finding == Finding.RECORDED;
    }
  }
}
