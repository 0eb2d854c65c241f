package io.github.consistencydecoder.formats.checkpoint;

import io.github.consistencydecoder.formats.io.ByteSource;
import io.github.consistencydecoder.formats.io.FormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;

/** What a file is by its first bytes; its name decides only where these say nothing. */
enum FileKind {
  SAFETENSORS,
  SHARD_INDEX,
  ZIP,
  NPY;

  private static final int SNIFFED_BYTES = 64;

  /**
   * Recognises a file.
   *
   * @param file its name as given, not that of a link's target
   * @throws FormatException saying what else it seems to be
   */
  static FileKind of(Path file, ByteSource bytes) throws IOException {
    if (bytes.size() == 0) {
      throw new FormatException(file, "", -1, "the file is empty");
    }
    byte[] start = new byte[(int) Math.min(SNIFFED_BYTES, bytes.size())];
    bytes.read(0, ByteBuffer.wrap(start));
    String text = new String(start, StandardCharsets.ISO_8859_1);
    if (text.startsWith("PK\3\4") || text.startsWith("PK\5\6")) {
      return ZIP;
    }
    if (text.startsWith("\u0093NUMPY")) {
      return NPY;
    }
    // A header shorter than 2^56 bytes leaves the eighth byte 0.
    if (start.length > 8 && start[7] == 0 && start[8] == '{') {
      return SAFETENSORS;
    }
    refuseKnownOthers(file, start, text);
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    if (name.endsWith(".safetensors") || name.endsWith(".latent")) {
      return SAFETENSORS;
    }
    if (name.endsWith(".npy")) {
      return NPY;
    }
    if (name.endsWith(".json") || text.stripLeading().startsWith("{")) {
      return SHARD_INDEX;
    }
    throw new FormatException(
        file, "", -1, "neither .safetensors nor its index, .latent, .npy, .npz nor a torch.save");
  }

  private static void refuseKnownOthers(Path file, byte[] start, String text)
      throws FormatException {
    String lower = text.stripLeading().toLowerCase(Locale.ROOT);
    String reason = null;
    if (start.length > 1 && start[0] == (byte) 0x80 && start[1] >= 2 && start[1] <= 5) {
      reason =
          "a bare pickle, as PyTorch wrote before 1.6; it is not read, load it with PyTorch"
              + " (weights_only=True) and save it as safetensors";
    } else if (lower.startsWith("version https://git-lfs")) {
      reason = "a Git LFS pointer, not the file itself; fetch it with 'git lfs pull'";
    } else if (lower.startsWith("<!doctype html") || lower.startsWith("<html")) {
      reason = "a web page, not the file itself; download it again";
    }
    if (reason != null) {
      throw new FormatException(file, "", -1, reason);
    }
  }
}
