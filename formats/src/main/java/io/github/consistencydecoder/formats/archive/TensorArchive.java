package io.github.consistencydecoder.formats.archive;

import io.github.consistencydecoder.formats.io.ByteSource;
import io.github.consistencydecoder.formats.tensors.CheckpointLimits;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * The tensors of a zip archive: one that PyTorch wrote, or NumPy's {@code .npz}.
 *
 * @param format {@code torch}, {@code torchscript} or {@code npz}
 * @param tensors by name
 * @param members bytes of the members that are files of their own, by the file that their tensors
 *     name; views of the archive's bytes
 */
public record TensorArchive(
    String format, Map<String, TensorInfo> tensors, Map<Path, ByteSource> members) {
  /**
   * Reads an archive.
   *
   * @param file the name for messages
   * @param real the name for the tensors found
   * @param bytes borrowed as long as the members are used
   */
  public static TensorArchive read(Path file, Path real, ByteSource bytes, CheckpointLimits limits)
      throws IOException {
    ZipDirectory zip = ZipDirectory.read(file, bytes, limits);
    return zip.entries().keySet().stream().anyMatch(name -> name.endsWith(NpzArchive.ENDING))
        ? NpzArchive.read(file, real, zip)
        : TorchArchive.read(file, real, zip, limits);
  }
}
