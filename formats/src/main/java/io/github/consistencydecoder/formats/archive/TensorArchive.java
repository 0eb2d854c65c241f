package io.github.consistencydecoder.formats.archive;

import io.github.consistencydecoder.formats.io.ByteSource;
import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.formats.tensors.CheckpointLimits;
import io.github.consistencydecoder.formats.tensors.NpyFile;
import io.github.consistencydecoder.formats.tensors.StrictJson;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
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

  /**
   * NumPy's {@code .npz}: a zip archive of {@code .npy} files, stored by {@code numpy.savez},
   * deflated by {@code numpy.savez_compressed}. A tensor's name is that of its member without the
   * ending.
   *
   * <p>Members that are no tensors, texts and Python objects for example, are passed over, unless
   * they are all there is or their name says that they are the latents.
   */
  static final class NpzArchive {
    static final String ENDING = ".npy";

    private NpzArchive() {}

    static TensorArchive read(Path file, Path real, ZipDirectory zip) throws IOException {
      Map<String, TensorInfo> tensors = new LinkedHashMap<>();
      Map<Path, ByteSource> members = new LinkedHashMap<>();
      FormatException first = null;
      for (ZipDirectory.Entry entry : zip.entries().values()) {
        if (!entry.name().endsWith(ENDING)) {
          continue;
        }
        String name = entry.name().substring(0, entry.name().length() - ENDING.length());
        ByteSource bytes = zip.source(entry);
        try {
          Path path = real.resolve(entry.name());
          tensors.put(name, NpyFile.header(file, path, bytes).named(name));
          members.put(path, bytes);
        } catch (FormatException e) {
          FormatException wrong =
              new FormatException(file, StrictJson.shortened(name), -1, e.reason());
          first = first == null ? wrong : first;
          if (name.startsWith("latent")) {
            throw wrong;
          }
        }
      }
      if (tensors.isEmpty() && first != null) {
        throw first;
      }
      return new TensorArchive("npz", tensors, members);
    }
  }
}
