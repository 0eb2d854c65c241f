package io.github.consistencydecoder.models.store.download;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A glance at a file's first bytes, for files that no checksum vouches for: it keeps a login page
 * or an error message from being stored as a model. The readers check the rest.
 */
public final class ContentSniffer {
  private static final long LONGEST_HEADER = 100_000_000;

  private ContentSniffer() {}

  /**
   * What is wrong with a file, if anything.
   *
   * @param name the name that the file is to have, by whose ending it is judged
   */
  public static Optional<String> complaint(String name, Path file) throws IOException {
    long size = Files.size(file);
    byte[] head = new byte[9];
    try (DataInputStream in = new DataInputStream(Files.newInputStream(file))) {
      in.readFully(head);
    } catch (EOFException e) {
      return size > 0 && name.endsWith(".json") && looksLikeJson(file)
          ? Optional.empty()
          : Optional.of("has only " + size + " bytes");
    }
    if (name.endsWith(".safetensors")) {
      long header = 0;
      for (int i = 7; i >= 0; i--) {
        header = (header << 8) | (head[i] & 0xff);
      }
      boolean plausible = header >= 2 && header <= LONGEST_HEADER && header <= size - 8;
      return plausible && head[8] == '{'
          ? Optional.empty()
          : Optional.of("does not begin like a safetensors file");
    }
    if (name.endsWith(".pt") || name.endsWith(".pth")) {
      return head[0] == 'P' && head[1] == 'K' && head[2] == 3 && head[3] == 4
          ? Optional.empty()
          : Optional.of("does not begin like a PyTorch archive");
    }
    if (name.endsWith(".json") && !looksLikeJson(file)) {
      return Optional.of("does not begin like a JSON object");
    }
    return Optional.empty();
  }

  private static boolean looksLikeJson(Path file) throws IOException {
    try (var in = Files.newInputStream(file)) {
      int next = in.read();
      while (next == ' ' || next == '\n' || next == '\r' || next == '\t') {
        next = in.read();
      }
      return next == '{';
    }
  }
}
