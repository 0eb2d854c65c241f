package io.github.consistencydecoder.formats.latents;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.LatentScaleGuess;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * Reads latents: {@code .safetensors} and ComfyUI's {@code .latent}, torch archives, {@code .npy},
 * and bare numbers where a {@link RawFormat} is given. A tensor of three dimensions counts as a
 * batch of one.
 */
public final class LatentsFile {
  private static final int JSON_AT = 8;

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
    if (!describesItself(file)) {
      requireFormat(file, raw);
      return decide(file, raw.read(file), raw.shape(), choice, Optional.empty(), "");
    }
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      LatentsTensor found = LatentsTensor.of(checkpoint, tensor);
      return decide(
          file,
          checkpoint.floats(found.info()),
          found.info().shape(),
          choice,
          found.declared(),
          found.declaredBy());
    }
  }

  /**
   * Whether a file is to be read as latents: one of the kinds that say themselves what they are, by
   * its first bytes or its name. What is missing is judged by its name.
   */
  public static boolean isOne(Path file) throws IOException {
    return Files.exists(file) ? describesItself(file) : isNamedSo(file);
  }

  /**
   * How many latents a file holds; this reads the header alone.
   *
   * @param tensor name of the tensor in it, or null to find it
   * @throws FormatException if it is damaged or does not hold latents
   * @throws IOException if it cannot be read
   */
  public static long batch(Path file, String tensor) throws IOException {
    if (!describesItself(file)) {
      requireFormat(file, null);
    }
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      List<Long> shape = LatentsTensor.of(checkpoint, tensor).info().shape();
      return shape.size() == 4 ? shape.get(0) : 1;
    }
  }

  private static void requireFormat(Path file, RawFormat raw) throws FormatException {
    if (raw == null) {
      throw new FormatException(
          file.toString(),
          "is none of .safetensors, .latent, .npy and .pt; bare numbers need --shape"
              + " N,4,h,w and, unless they are float32, --raw-dtype");
    }
  }

  /**
   * Whether it is one of the kinds that say what is in them: by its first bytes, and where those
   * say nothing, by its name. A folder or a missing file is refused here.
   */
  static boolean describesItself(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new FormatException(file.toString(), "is a folder, a file of latents is needed");
    }
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file.toString());
    }
    String head;
    try (InputStream in = Files.newInputStream(file)) {
      head = new String(in.readNBytes(JSON_AT + 1), StandardCharsets.ISO_8859_1);
    }
    return head.startsWith("\u0093NUMPY")
        || head.startsWith("PK\3\4")
        || (head.length() > JSON_AT && head.charAt(JSON_AT) == '{' && head.charAt(JSON_AT - 1) == 0)
        || isNamedSo(file);
  }

  private static boolean isNamedSo(Path file) {
    return String.valueOf(file.getFileName())
        .toLowerCase(Locale.ROOT)
        .matches(".*\\.(npy|npz|safetensors|latent|pt|pth)");
  }

  private static LoadedLatents decide(
      Path file,
      float[] values,
      List<Long> found,
      ScaleChoice choice,
      Optional<LatentScale> declared,
      String declaredBy)
      throws FormatException {
    LongStream dimensions = found.stream().mapToLong(Long::longValue);
    long[] shape =
        (found.size() == 3 ? LongStream.concat(LongStream.of(1), dimensions) : dimensions)
            .toArray();
    try {
      return switch (choice) {
        case SCALED -> new LoadedLatents(Latents.scaled(values, shape), "");
        case UNSCALED -> new LoadedLatents(Latents.unscaled(values, shape), "");
        case AUTO ->
            declared
                .map(
                    scale ->
                        new LoadedLatents(
                            Latents.of(scale, values, shape),
                            "taken as "
                                + scale.name().toLowerCase(Locale.ROOT)
                                + " latents: "
                                + declaredBy))
                .orElseGet(() -> guess(Latents.scaled(values, shape)));
      };
    } catch (DecoderException e) {
      throw new FormatException(file.toString(), e.getMessage(), e);
    }
  }

  private static LoadedLatents guess(Latents scaled) {
    LatentScaleGuess guess = LatentScaleGuess.of(scaled.statistics());
    return new LoadedLatents(guess.apply(scaled), guess.sentence());
  }
}
