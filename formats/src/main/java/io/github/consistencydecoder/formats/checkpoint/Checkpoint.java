package io.github.consistencydecoder.formats.checkpoint;

import io.github.consistencydecoder.formats.tensors.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * An open checkpoint: tensors by name, none of them in memory.
 *
 * <p>Owns its file channels. Safe for use by several threads, but interrupting one that reads
 * closes the channel for all. After {@link #close}, reading throws {@link
 * java.nio.channels.ClosedChannelException}; closing again does nothing. The tensors that its
 * methods take must be its own.
 */
public interface Checkpoint extends AutoCloseable {
  /** Name of the one tensor of a {@code .npy} file, and of one that {@code torch.save} saved. */
  String UNNAMED = "";

  /** What was opened. */
  Path path();

  /** {@code safetensors}, {@code torchscript}, {@code torch}, {@code npz} or {@code npy}. */
  String format();

  /** The files that hold tensor bytes, real paths, in a fixed order. */
  List<Path> files();

  /** All tensors in the file's order. */
  Map<String, TensorInfo> tensors();

  /** The file's own remarks ({@code __metadata__}), possibly none. Not to be trusted. */
  Map<String, String> metadata();

  /**
   * The tensor of that name.
   *
   * @throws MissingTensorException naming similar names
   */
  TensorInfo tensor(String name);

  /**
   * All values as float32, row-major whatever the strides; F16, BF16 and F64 are converted (F64
   * rounded).
   *
   * @throws IllegalArgumentException if the tensor is not floating-point or has more than 2^31 - 9
   *     elements
   */
  float[] floats(TensorInfo tensor) throws IOException;

  /**
   * The raw bytes, mapped read-only, little-endian. A view of the file: valid after {@link #close}
   * until collected.
   *
   * @throws IllegalArgumentException if the tensor is not contiguous or longer than 2^31 - 1 bytes
   */
  ByteBuffer bytes(TensorInfo tensor) throws IOException;

  @Override
  void close() throws IOException;
}
