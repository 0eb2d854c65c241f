package io.github.consistencydecoder.formats.latents;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.formats.io.ByteSource;
import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.formats.tensors.CheckpointLimits;
import io.github.consistencydecoder.formats.tensors.DType;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.LatentScaleGuess;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Reads latents: {@code .safetensors} and ComfyUI's {@code .latent}, torch archives, {@code .npy}
 * and {@code .npz}, and bare numbers where a {@link RawFormat} is given. {@link LatentsTensor} says
 * what is found in them.
 */
public final class LatentsFile {
  private static final int JSON_AT = 8;
  private static final int HEAD_BYTES = JSON_AT + 1;
  private static final int MAX_STREAM_BYTES = 1 << 30;
  private static final List<String> TEXT = List.of("prompt", "workflow", "parameters");

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
   * Reads one file, or a pipe to its end.
   *
   * @param tensor name of the tensor in it, or null to find it
   * @param raw how to read a file that does not say it itself, or null
   * @throws FormatException if it is damaged or does not hold latents
   * @throws IOException if it cannot be read
   */
  public static LoadedLatents read(Path file, ScaleChoice choice, String tensor, RawFormat raw)
      throws IOException {
    requireFile(file);
    if (!Files.isRegularFile(file)) {
      try (InputStream in = Files.newInputStream(file)) {
        return read(file, in, choice, tensor, raw);
      }
    }
    if (describesItself(file)) {
      try (Checkpoint checkpoint = Checkpoints.open(file)) {
        return read(file, checkpoint, choice, tensor);
      }
    }
    try (ByteSource bytes = ByteSource.open(file, file.toRealPath())) {
      return readRaw(file, bytes, choice, raw);
    }
  }

  /**
   * Reads what comes from a stream, to its end: at most 1 GiB.
   *
   * @param name for messages; where the bytes do not tell what they are, its ending does
   * @param in borrowed
   * @param tensor name of the tensor in it, or null to find it
   * @param raw how to read a file that does not say it itself, or null
   * @throws FormatException if it is damaged, too large or does not hold latents
   * @throws IOException if it cannot be read
   */
  public static LoadedLatents read(
      Path name, InputStream in, ScaleChoice choice, String tensor, RawFormat raw)
      throws IOException {
    byte[] bytes = in.readNBytes(MAX_STREAM_BYTES + 1);
    if (bytes.length > MAX_STREAM_BYTES) {
      throw FormatException.tooLarge(
          name.toString(), "more than " + MAX_STREAM_BYTES + " bytes, give it as a file");
    }
    if (!describesItself(name, bytes)) {
      return readRaw(name, ByteSource.of(ByteBuffer.wrap(bytes)), choice, raw);
    }
    try (Checkpoint checkpoint =
        Checkpoints.inMemory(
            name.toString(), ByteBuffer.wrap(bytes), CheckpointLimits.defaults())) {
      return read(name, checkpoint, choice, tensor);
    }
  }

  private static LoadedLatents read(
      Path file, Checkpoint checkpoint, ScaleChoice choice, String tensor) throws IOException {
    LatentsTensor found = LatentsTensor.of(checkpoint, tensor);
    Map<String, String> text = new TreeMap<>(checkpoint.metadata());
    text.keySet().retainAll(TEXT);
    return decide(file, found.values(checkpoint), choice, found, text);
  }

  private static LoadedLatents readRaw(
      Path file, ByteSource bytes, ScaleChoice choice, RawFormat raw) throws IOException {
    requireFormat(file, raw);
    TensorInfo numbers =
        new TensorInfo("", DType.F32, raw.shape(), List.of(), file, 0, bytes.size());
    LatentsTensor found = new LatentsTensor(List.of(numbers), Optional.empty(), "");
    return decide(file, found.arranged(raw.read(file, bytes)), choice, found, Map.of());
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
      List<Long> shape = LatentsTensor.of(checkpoint, tensor).shape();
      return shape.size() == 4 ? shape.get(0) : 1;
    }
  }

  private static void requireFormat(Path file, RawFormat raw) throws FormatException {
    if (raw == null) {
      throw new FormatException(
          file.toString(),
          "is none of .safetensors, .latent, .npy, .npz and .pt; bare numbers need --shape"
              + " N,4,h,w and, unless they are float32, --raw-dtype");
    }
  }

  /**
   * Whether it is one of the kinds that say what is in them: by its first bytes, and where those
   * say nothing, by its name. A folder or a missing file is refused here.
   */
  static boolean describesItself(Path file) throws IOException {
    requireFile(file);
    try (InputStream in = Files.newInputStream(file)) {
      return describesItself(file, in.readNBytes(HEAD_BYTES));
    }
  }

  private static void requireFile(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new FormatException(file.toString(), "is a folder, a file of latents is needed");
    }
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file.toString());
    }
  }

  private static boolean describesItself(Path file, byte[] bytes) {
    String head =
        new String(bytes, 0, Math.min(bytes.length, HEAD_BYTES), StandardCharsets.ISO_8859_1);
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
      Path file, float[] values, ScaleChoice choice, LatentsTensor found, Map<String, String> text)
      throws FormatException {
    long[] shape = found.shape().stream().mapToLong(Long::longValue).toArray();
    try {
      return switch (choice) {
        case SCALED -> new LoadedLatents(Latents.scaled(values, shape), "", text);
        case UNSCALED -> new LoadedLatents(Latents.unscaled(values, shape), "", text);
        case AUTO ->
            found
                .declared()
                .map(
                    scale ->
                        new LoadedLatents(
                            Latents.of(scale, values, shape),
                            "taken as %s latents: %s"
                                .formatted(
                                    scale.name().toLowerCase(Locale.ROOT), found.declaredBy()),
                            text))
                .orElseGet(() -> guess(Latents.scaled(values, shape), text));
      };
    } catch (DecoderException e) {
      throw new FormatException(file.toString(), e.getMessage(), e);
    }
  }

  private static LoadedLatents guess(Latents scaled, Map<String, String> text) {
    LatentScaleGuess guess = LatentScaleGuess.of(scaled.statistics());
    return new LoadedLatents(guess.apply(scaled), guess.sentence(), text);
  }
}
