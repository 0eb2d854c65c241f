package io.github.consistencydecoder.server.access;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A file seen from outside; another look is another content. */
record FileLook(FileTime modified, long size, Object key) {
  private static final Logger LOG = LoggerFactory.getLogger(FileLook.class);
  private static final Set<PosixFilePermission> OTHERS =
      PosixFilePermissions.fromString("---rw-rw-");

  static FileLook at(Path file) throws IOException {
    BasicFileAttributes a = Files.readAttributes(file, BasicFileAttributes.class);
    return new FileLook(a.lastModifiedTime(), a.size(), String.valueOf(a.fileKey()));
  }

  /**
   * What is in a file, which may be a device or a pipe without end.
   *
   * @param what it is, for the sentence
   * @param most bytes that it may have
   * @throws AccessException if it cannot be read or has more
   */
  static byte[] content(String what, Path file, int most) throws AccessException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] content = in.readNBytes(most + 1);
      if (content.length > most) {
        throw new AccessException(
            "the " + what + " " + file + " has more than the " + most + " bytes that are possible");
      }
      return content;
    } catch (IOException e) {
      throw unreadable(what, file, e);
    }
  }

  static AccessException unreadable(String what, Path file, IOException cause) {
    String reason =
        cause instanceof NoSuchFileException
            ? ": there is no such file"
            : cause instanceof AccessDeniedException
                ? ": this user has no right to"
                : Files.isDirectory(file) ? ": it is a folder" : "";
    return new AccessException("the " + what + " " + file + " cannot be read" + reason, cause);
  }

  /**
   * Warns of a secret that others on this machine can read or write. Not refused: where secrets are
   * mounted into containers, their rights are often not the operator's to choose.
   */
  static void warnOfOthers(String what, Path file) {
    openToOthers(what, file).ifPresent(LOG::warn);
  }

  /** A sentence if others can read or write the file. */
  static Optional<String> openToOthers(String what, Path file) {
    try {
      PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
      if (view != null) {
        Set<PosixFilePermission> rights = view.readAttributes().permissions();
        if (!Collections.disjoint(rights, OTHERS)) {
          return Optional.of(
              "the %s %s is open to others on this machine (%s): chmod 600 %s"
                  .formatted(what, file, PosixFilePermissions.toString(rights), file));
        }
      }
    } catch (IOException e) {
      LOG.debug("the rights of {} are not known", file, e);
    }
    return Optional.empty();
  }
}
