package io.github.consistencydecoder.compare.report;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** Writes a file under another name and renames it, so that its name never leads to half of one. */
public final class AtomicFile {
  private AtomicFile() {}

  /** Writes the content from the start of an empty file. */
  @FunctionalInterface
  public interface Content {
    /** The stream is borrowed and need not be closed. */
    void writeTo(OutputStream out) throws IOException;
  }

  /** Replaces a file, in a folder that exists. */
  public static void write(Path target, Content content) throws IOException {
    // A name that nobody knows beforehand, and a file that was not there: no link is followed.
    Path part =
        target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".part");
    try {
      try (OutputStream out =
          new BufferedOutputStream(
              Files.newOutputStream(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              1 << 16)) {
        content.writeTo(out);
      }
      Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  /** Replaces a file, in a folder that exists. */
  public static void write(Path target, byte[] bytes) throws IOException {
    write(target, out -> out.write(bytes));
  }

  /** Replaces a text file in UTF-8, in a folder that exists. */
  public static void write(Path target, String text) throws IOException {
    write(target, text.getBytes(StandardCharsets.UTF_8));
  }
}
