package io.github.consistencydecoder.core.cache;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A digest over a file's length and evenly spread samples of it, the first and the last block among
 * them: finds truncation, holes and overwriting in milliseconds whatever the size.
 */
final class SampledDigest {
  private static final int BLOCK = 1 << 16;
  private static final int BLOCKS = 64;

  private SampledDigest() {}

  static String of(Path file) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      digest.update(ByteBuffer.allocate(8).putLong(0, size));
      ByteBuffer block = ByteBuffer.allocate(BLOCK);
      long last = Math.max(0, size - BLOCK);
      for (int i = 0; i < BLOCKS; i++) {
        block.clear();
        long at = last / (BLOCKS - 1) * i;
        at = i == BLOCKS - 1 ? last : at;
        int read = 0;
        while (block.hasRemaining() && read >= 0) {
          read = channel.read(block, at + block.position());
        }
        digest.update(block.flip());
        if (size <= BLOCK) {
          break;
        }
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
