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
      if (!LatentsFile.describesItself(file)) {
        throw new FormatException(
            file.toString(), "noise is read from .npy, .safetensors and .pt files");
      }
      int here = files.size() == 1 ? steps : 1;
      try (Checkpoint checkpoint = Checkpoints.open(file)) {
        if (checkpoint.tensors().containsKey(Checkpoint.UNNAMED)) {
          stacked(checkpoint, latents, here, read);
        } else {
          named(checkpoint, latents, here, read);
        }
      }
    }
    if (read.size() != steps) {
      throw new IllegalArgumentException(
          read.size() + " files given, the schedule has " + steps + " steps");
    }
    return Noise.given(read);
  }

  private static void stacked(Checkpoint file, Latents latents, int steps, List<float[]> read)
      throws IOException {
    float[] values = values(file, file.tensor(Checkpoint.UNNAMED), shape(latents, steps));
    int size = values.length / steps;
    for (int i = 0; i < steps; i++) {
      read.add(Arrays.copyOfRange(values, i * size, (i + 1) * size));
    }
  }

  private static void named(Checkpoint file, Latents latents, int steps, List<float[]> read)
      throws IOException {
    for (int i = 0; i < steps; i++) {
      TensorInfo info = file.tensor("noise" + (steps == 1 ? read.size() : i));
      read.add(values(file, info, shape(latents, 1)));
    }
  }

  private static float[] values(Checkpoint file, TensorInfo info, List<Long> shape)
      throws IOException {
    LatentsTensor.requireFloating(file, info);
    if (!info.shape().equals(shape)) {
      throw new FormatException(
          file.path(),
          info.name(),
          -1,
          "noise of shape " + info.shape() + " found, these latents and steps need " + shape);
    }
    return file.floats(info);
  }

  private static List<Long> shape(Latents latents, int stacked) {
    return List.of(
        (long) latents.batch() * stacked,
        3L,
        (long) latents.height() * Latents.PIXELS_PER_CELL,
        (long) latents.width() * Latents.PIXELS_PER_CELL);
  }
}
