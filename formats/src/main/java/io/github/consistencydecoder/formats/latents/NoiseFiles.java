package io.github.consistencydecoder.formats.latents;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Reads the noise of a decode, one {@code [N, 3, H, W]} tensor a step of the schedule, in either of
 * two forms:
 *
 * <ul>
 *   <li>a safetensors file or torch archive with tensors {@code noise0}, {@code noise1}, ..
 *   <li>{@code .npy} files, one a step in order, each {@code [N, 3, H, W]}; one file may also hold
 *       all steps stacked along the first dimension, {@code [steps * N, 3, H, W]}, step 0 first
 * </ul>
 */
public final class NoiseFiles {
  private NoiseFiles() {}

  /**
   * Reads noise for latents of a known shape.
   *
   * @param files one, or one a step
   * @param steps of the schedule
   * @throws IllegalArgumentException if there are fewer or more files than steps
   * @throws FormatException if a file is damaged or does not hold such noise
   * @throws IOException if it cannot be read
   */
  public static Noise read(List<Path> files, Latents latents, int steps) throws IOException {
    List<float[]> read = new ArrayList<>();
    for (Path file : files) {
      switch (TensorFile.of(file)) {
        case NPY -> npy(file, latents, files.size() == 1 ? steps : 1, read);
        case CHECKPOINT -> named(file, latents, files.size() == 1 ? steps : 1, read);
        case RAW ->
            throw new FormatException(
                file.toString(), "noise is read from .npy, .safetensors and .pt files");
      }
    }
    if (read.size() != steps) {
      throw new IllegalArgumentException(
          read.size() + " files given, the schedule has " + steps + " steps");
    }
    return Noise.given(read);
  }

  private static void npy(Path file, Latents latents, int steps, List<float[]> read)
      throws IOException {
    Tensor tensor = TensorFile.npy(file);
    require(file.toString(), tensor.shape(), shape(latents, steps));
    int size = tensor.values().length / steps;
    for (int i = 0; i < steps; i++) {
      read.add(Arrays.copyOfRange(tensor.values(), i * size, (i + 1) * size));
    }
  }

  private static void named(Path file, Latents latents, int steps, List<float[]> read)
      throws IOException {
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      for (int i = 0; i < steps; i++) {
        TensorInfo info = checkpoint.tensor("noise" + (steps == 1 ? read.size() : i));
        String subject = file + ": tensor '" + info.name() + "'";
        if (!info.dtype().floating()) {
          throw new FormatException(
              file.toString(),
              "tensor '"
                  + info.name()
                  + "' has elements of "
                  + info.dtype()
                  + ", floating-point ones are needed");
        }
        require(subject, info.shape(), shape(latents, 1));
        read.add(checkpoint.floats(info));
      }
    }
  }

  private static List<Long> shape(Latents latents, int stacked) {
    return List.of(
        (long) latents.batch() * stacked,
        3L,
        (long) latents.height() * Latents.PIXELS_PER_CELL,
        (long) latents.width() * Latents.PIXELS_PER_CELL);
  }

  private static void require(String subject, List<Long> found, List<Long> wanted)
      throws FormatException {
    if (!found.equals(wanted)) {
      throw new FormatException(
          subject, "noise of shape " + found + " found, these latents and steps need " + wanted);
    }
  }
}
