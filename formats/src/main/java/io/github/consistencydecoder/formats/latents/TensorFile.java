package io.github.consistencydecoder.formats.latents;

import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.formats.tensors.NpyArray;
import io.github.consistencydecoder.formats.tensors.NpyFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;

/** What kind of file it is: by its first bytes, and where those say nothing, by its name. */
enum TensorFile {
  NPY,
  CHECKPOINT,
  RAW;

  private static final byte[] NPY_MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final byte[] ZIP_MAGIC = {'P', 'K', 3, 4};
  private static final int JSON_AT = 8;

  /** Looks at a file; a folder or a missing file is refused here. */
  static TensorFile of(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new FormatException(file.toString(), "is a folder, a file of latents is needed");
    }
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file.toString());
    }
    byte[] head;
    try (InputStream in = Files.newInputStream(file)) {
      head = in.readNBytes(JSON_AT + 1);
    }
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    if (startsWith(head, NPY_MAGIC) || name.endsWith(".npy")) {
      return NPY;
    }
    if (name.endsWith(".npz")) {
      throw new FormatException(
          file.toString(), ".npz archives are not read; save one array with numpy.save");
    }
    boolean safetensors =
        name.endsWith(".safetensors")
            || name.endsWith(".latent")
            || (head.length > JSON_AT && head[JSON_AT] == '{' && head[JSON_AT - 1] == 0);
    boolean torch = name.endsWith(".pt") || name.endsWith(".pth") || startsWith(head, ZIP_MAGIC);
    return safetensors || torch ? CHECKPOINT : RAW;
  }

  /** Whether its name is that of a file of tensors. */
  static boolean isNamedSo(Path file) {
    return String.valueOf(file.getFileName())
        .toLowerCase(Locale.ROOT)
        .matches(".*\\.(npy|npz|safetensors|latent|pt|pth)");
  }

  private static boolean startsWith(byte[] bytes, byte[] prefix) {
    return bytes.length >= prefix.length
        && java.util.Arrays.equals(bytes, 0, prefix.length, prefix, 0, prefix.length);
  }

  static Tensor npy(Path file) throws IOException {
    NpyArray array = NpyFile.read(file);
    if (!array.dtype().floating()) {
      throw new FormatException(
          file.toString(),
          "elements of " + array.dtype() + " found, floating-point ones are needed");
    }
    return new Tensor(array.values(), array.shape());
  }
}
