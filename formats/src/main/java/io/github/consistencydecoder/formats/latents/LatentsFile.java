package io.github.consistencydecoder.formats.latents;

import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.LatentScaleGuess;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.LongStream;

/**
 * Reads latents: {@code .safetensors} and ComfyUI's {@code .latent}, torch archives, {@code .npy},
 * and bare numbers where a {@link RawFormat} is given. A tensor of three dimensions counts as a
 * batch of one.
 */
public final class LatentsFile {
  private LatentsFile() {}

  /**
   * Reads one file; finds the tensor in it, and its scale where the file does not say it.
   *
   * @throws FormatException if it is damaged or does not hold latents
   * @throws IOException if it cannot be read
   */
  public static LoadedLatents read(Path file) throws IOException {
    return read(file, ScaleChoice.AUTO, null, null);
  }

  /**
   * Reads one file.
   *
   * @param tensor name of the tensor in it, or null to find it
   * @param raw how to read a file that does not say it itself, or null
   * @throws FormatException if it is damaged or does not hold latents
   * @throws IOException if it cannot be read
   */
  public static LoadedLatents read(Path file, ScaleChoice choice, String tensor, RawFormat raw)
      throws IOException {
    Tensor read =
        switch (TensorFile.of(file)) {
          case NPY -> TensorFile.npy(file);
          case CHECKPOINT -> LatentsInCheckpoint.read(file, tensor);
          case RAW -> raw(file, raw);
        };
    return decide(file.toString(), read, choice);
  }

  /**
   * Whether a file is to be read as latents: one of the kinds that say themselves what they are, by
   * its first bytes or its name. What is missing is judged by its name.
   */
  public static boolean isOne(Path file) throws IOException {
    return Files.exists(file) ? TensorFile.of(file) != TensorFile.RAW : TensorFile.isNamedSo(file);
  }

  /**
   * How many latents a file holds; of most kinds this reads the header alone.
   *
   * @param tensor name of the tensor in it, or null to find it
   * @throws FormatException if it is damaged or does not hold latents
   * @throws IOException if it cannot be read
   */
  public static long batch(Path file, String tensor) throws IOException {
    List<Long> shape =
        switch (TensorFile.of(file)) {
          case NPY -> TensorFile.npy(file).shape();
          case CHECKPOINT -> LatentsInCheckpoint.shape(file, tensor);
          case RAW -> raw(file, null).shape();
        };
    return shape.size() == 4 ? shape.get(0) : 1;
  }

  private static Tensor raw(Path file, RawFormat raw) throws IOException {
    if (raw == null) {
      throw new FormatException(
          file.toString(),
          "is none of .safetensors, .latent, .npy and .pt; bare numbers need --shape"
              + " N,4,h,w and, unless they are float32, --raw-dtype");
    }
    return raw.read(file);
  }

  private static LoadedLatents decide(String file, Tensor read, ScaleChoice choice)
      throws FormatException {
    long[] shape = shape(read.shape());
    try {
      return switch (choice) {
        case SCALED -> new LoadedLatents(Latents.scaled(read.values(), shape), "");
        case UNSCALED -> new LoadedLatents(Latents.unscaled(read.values(), shape), "");
        case AUTO ->
            read.declared()
                .map(
                    scale ->
                        new LoadedLatents(
                            Latents.of(scale, read.values(), shape),
                            "taken as " + name(scale) + ": " + read.declaredBy()))
                .orElseGet(() -> guess(read, shape));
      };
    } catch (DecoderException e) {
      throw new FormatException(file, e.getMessage(), e);
    }
  }

  private static LoadedLatents guess(Tensor read, long[] shape) {
    Latents as = Latents.scaled(read.values(), shape);
    LatentScaleGuess guess = LatentScaleGuess.of(as.statistics());
    return new LoadedLatents(
        guess.scale() == LatentScale.SCALED ? as : Latents.unscaled(read.values(), shape),
        guess.sentence());
  }

  private static long[] shape(List<Long> found) {
    LongStream dimensions = found.stream().mapToLong(Long::longValue);
    return (found.size() == 3 ? LongStream.concat(LongStream.of(1), dimensions) : dimensions)
        .toArray();
  }

  private static String name(LatentScale scale) {
    return scale.name().toLowerCase(Locale.ROOT) + " latents";
  }
}
