package io.github.consistencydecoder.models.store.disk;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Says in words why a file could not be used; the platform often gives only its name. */
public final class DiskProblem {
  private DiskProblem() {}

  /** The file and what is the matter with it. */
  public static String phrase(IOException problem) {
    if (!(problem instanceof FileSystemException known) || known.getFile() == null) {
      return problem.getMessage() == null ? problem.toString() : problem.getMessage();
    }
    String reason = known.getReason();
    if (known instanceof AccessDeniedException) {
      reason = "no permission";
    } else if (known instanceof NoSuchFileException) {
      reason = "no such file";
    } else if (known instanceof FileAlreadyExistsException) {
      reason = "something else is in its place";
    }
    return known.getFile() + ": " + (reason == null ? known.getClass().getSimpleName() : reason);
  }
}
