package io.github.consistencydecoder.formats.latents;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.formats.tensors.StrictJson;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The latents of a file: the tensor asked for, else the first of the usual names, else the only one
 * that can be latents, else a list of some of one shape, in order. Flipped copies, which trainers
 * keep beside the latents, are passed over.
 *
 * <p>Shapes: {@code [N, 4, h, w]}, {@code [4, h, w]}; with frames {@code [N, 4, F, h, w]}, {@code
 * [N, F, 4, h, w]}, {@code [4, 1, h, w]}, each frame one latent in order. 8 channels in place of 4
 * are mean and standard deviation of what a VAE's encoder gave; the mean is taken.
 *
 * <p>ComfyUI's {@code .latent} is a safetensors file whose tensor {@code latent_tensor} is what its
 * graph holds between nodes. Files with the empty tensor {@code latent_format_version_0} store it
 * as it is, and for SD 1.x that is unscaled: the sampler divides by 0.18215 on its way out. Files
 * without that tensor are older and are multiplied by 1 / 0.18215 when ComfyUI loads them, so what
 * they store is scaled. The caches of trainers are unscaled, and so is a mean.
 *
 * <p>Any safetensors file may state its scale in its metadata, {@code "scale": "scaled"} or {@code
 * "unscaled"}; the sample latents of this project do. One whose metadata names another
 * architecture, or the factor of another, is refused: the numbers look the same.
 *
 * @param parts of floating-point elements and of one shape, at least one
 * @param declared the scale that the file itself states, if it does
 * @param declaredBy how it does; empty if it does not
 */
public record LatentsTensor(
    List<TensorInfo> parts, Optional<LatentScale> declared, String declaredBy) {
  private static final List<String> USUAL_NAMES =
      List.of("latents", "latent", "samples", "latent_tensor", "z");

  /** Name of ComfyUI's tensor. */
  static final String COMFY_TENSOR = "latent_tensor";

  /** Name of the empty tensor that says that the other is unscaled. */
  static final String COMFY_VERSION = "latent_format_version_0";

  /** Of a trainer's cache: height and width, after frames where there are any. */
  private static final Pattern CACHED = Pattern.compile("latents_\\d+x\\d+(x\\d+)?\\w*");

  private static final Pattern FOREIGN_CACHE =
      Pattern.compile(".*_(sdxl|sd3|flux|lumina|hidream|wan|qwen)\\.(npz|safetensors)");

  private static final Pattern OWN_ARCHITECTURE =
      Pattern.compile("(stablediffusion|sd)(v?[12].*)?|animatediff.*");

  private static final int LISTED = 6;

  /** How often the elements of a list may repeat what is stored, unless they are few. */
  private static final int MAX_REPEATS = 8;

  private static final int FEW_BYTES = 1 << 17;

  /**
   * Finds them.
   *
   * @param wanted name of the tensor, or null
   * @throws FormatException if the file does not hold latents of Stable Diffusion 1.x, or there is
   *     more than one tensor that can be them
   * @throws io.github.consistencydecoder.formats.checkpoint.MissingTensorException if there is no
   *     tensor of the name wanted
   */
  public static LatentsTensor of(Checkpoint file, String wanted) throws FormatException {
    refuseForeign(file);
    List<TensorInfo> parts = wanted == null ? choose(file) : List.of(file.tensor(wanted));
    for (TensorInfo part : parts) {
      requireFloating(file, part);
    }
    String name = parts.get(0).name();
    String stated = file.metadata().getOrDefault("scale", "");
    if (name.equals(COMFY_TENSOR)) {
      return file.tensors().containsKey(COMFY_VERSION)
          ? declared(parts, LatentScale.UNSCALED, "a ComfyUI latent")
          : declared(
              parts, LatentScale.SCALED, "a ComfyUI latent from before latent_format_version_0");
    }
    if (stated.equals("scaled") || stated.equals("unscaled")) {
      LatentScale scale = LatentScale.valueOf(stated.toUpperCase(Locale.ROOT));
      return declared(parts, scale, "its metadata says so");
    }
    if (Layout.of(parts.get(0)).moments()) {
      return declared(
          parts,
          LatentScale.UNSCALED,
          "8 channels are mean and standard deviation of a VAE's encoder, the mean is taken");
    }
    if (CACHED.matcher(name).matches() || file.tensors().containsKey("crop_ltrb")) {
      return declared(parts, LatentScale.UNSCALED, "a trainer's cache");
    }
    return new LatentsTensor(parts, Optional.empty(), "");
  }

  private static LatentsTensor declared(List<TensorInfo> parts, LatentScale scale, String by) {
    return new LatentsTensor(parts, Optional.of(scale), by);
  }

  /** The first tensor, or the only one. */
  public TensorInfo info() {
    return parts.get(0);
  }

  /** Shape of all of them together, {@code [N, 4, h, w]} unless they are no latents. */
  public List<Long> shape() {
    List<Long> one = Layout.of(info()).shape(info());
    return parts.size() == 1
        ? one
        : List.of(one.get(0) * parts.size(), one.get(1), one.get(2), one.get(3));
  }

  /** Whether the bytes of {@link #info} are those of the latents, row-major. */
  public boolean asStored() {
    Layout layout = Layout.of(info());
    return parts.size() == 1 && !layout.moments() && layout.frames() == 1 && info().contiguous();
  }

  /** The values of all of them, row-major, of {@link #shape}. */
  public float[] values(Checkpoint file) throws IOException {
    if (parts.size() == 1) {
      return arranged(file.floats(info()));
    }
    float[] all = null;
    for (int i = 0; i < parts.size(); i++) {
      float[] one = arranged(file.floats(parts.get(i)));
      all = all == null ? new float[Math.multiplyExact(one.length, parts.size())] : all;
      System.arraycopy(one, 0, all, i * one.length, one.length);
    }
    return all;
  }

  /** As {@link #values(Checkpoint)}, from the values of a single tensor as it is stored. */
  float[] arranged(float[] stored) {
    return Layout.of(info()).values(info(), stored);
  }

  /** Refuses elements that cannot be read as numbers. */
  static void requireFloating(Checkpoint file, TensorInfo info) throws FormatException {
    if (!info.dtype().floating()) {
      throw new FormatException(
          file.path(),
          info.name(),
          -1,
          "elements of " + info.dtype() + " found, floating-point ones are needed");
    }
  }

  /** The numbers of SDXL latents look the same; only their metadata or their name can tell. */
  private static void refuseForeign(Checkpoint file) throws FormatException {
    String factor = file.metadata().getOrDefault("scaling_factor", "0.18215");
    if (!factor.equals("0.18215")) {
      throw wrong(
          file,
          "its metadata says scaling_factor "
              + StrictJson.shortened(factor)
              + (factor.equals("0.13025") ? ", that of SDXL" : "")
              + "; latents of Stable Diffusion 1.x (0.18215) are needed");
    }
    for (String key : List.of("architecture", "modelspec.architecture")) {
      String architecture = file.metadata().get(key);
      if (architecture != null
          && !OWN_ARCHITECTURE
              .matcher(architecture.toLowerCase(Locale.ROOT).replaceAll("[-_. ]", ""))
              .matches()) {
        throw wrong(
            file,
            "its metadata says %s %s; latents of Stable Diffusion 1.x are needed"
                .formatted(key, StrictJson.shortened(architecture)));
      }
    }
    String name = String.valueOf(file.path().getFileName()).toLowerCase(Locale.ROOT);
    if (FOREIGN_CACHE.matcher(name).matches()) {
      throw wrong(
          file,
          "a trainer's cache of other latents by its name ("
              + name.replaceAll(".*(_.*)\\..*", "$1")
              + "); those of Stable Diffusion 1.x (_sd) are needed");
    }
  }

  private static List<TensorInfo> choose(Checkpoint file) throws FormatException {
    Map<String, TensorInfo> tensors = file.tensors();
    for (String name : USUAL_NAMES) {
      if (tensors.containsKey(name)) {
        return List.of(tensors.get(name));
      }
    }
    if (tensors.size() == 1) {
      // Right or wrong: the message about its elements or shape says more than one about the file.
      return List.copyOf(tensors.values());
    }
    List<TensorInfo> floating =
        tensors.values().stream()
            .filter(t -> t.dtype().floating() && !t.name().contains("flipped"))
            .toList();
    List<TensorInfo> candidates =
        floating.stream().filter(t -> Layout.of(t).channels() > 0).toList();
    if (candidates.size() == 1 || (candidates.size() > 1 && isList(candidates))) {
      return candidates;
    }
    if (candidates.isEmpty() && floating.size() == 1) {
      return floating;
    }
    throw wrong(
        file,
        "holds "
            + tensors.size()
            + " tensors, "
            + (candidates.isEmpty()
                ? "none of shape [N, 4, h, w]" + listed(floating)
                : candidates.size() + " of which can be latents" + listed(candidates))
            + "; call one 'latents', or name it (--tensor)");
  }

  /**
   * Whether they are the elements of one list, all of one shape, and together not out of proportion
   * to what is stored of them.
   */
  private static boolean isList(List<TensorInfo> tensors) {
    String first = tensors.get(0).name();
    String prefix = first.substring(0, first.lastIndexOf('.') + 1);
    Predicate<Integer> inPlace =
        i ->
            tensors.get(i).name().equals(prefix + i)
                && tensors.get(i).shape().equals(tensors.get(0).shape());
    long start = tensors.stream().mapToLong(TensorInfo::offset).min().orElse(0);
    long end = tensors.stream().mapToLong(t -> t.offset() + t.byteLength()).max().orElse(0);
    long most = Math.max(FEW_BYTES, MAX_REPEATS * (end - start));
    return IntStream.range(0, tensors.size()).boxed().allMatch(inPlace)
        && tensors.get(0).elements() <= most / tensors.size() / tensors.get(0).dtype().bytes();
  }

  private static String listed(List<TensorInfo> tensors) {
    if (tensors.isEmpty()) {
      return "";
    }
    return tensors.stream()
        .limit(LISTED)
        .map(t -> StrictJson.shortened(t.name()) + " " + t.shape())
        .collect(Collectors.joining(", ", " (", tensors.size() > LISTED ? ", ..)" : ")"));
  }

  private static FormatException wrong(Checkpoint file, String reason) {
    return new FormatException(file.path(), "", -1, reason);
  }

  /**
   * Where the latents lie in a tensor: {@code [batch, channels, frames, h, w]}, row-major.
   *
   * @param batch pictures, or videos
   * @param channels 4, or 8 with standard deviations; 0 if the tensor can be no latents
   */
  private record Layout(long batch, long channels, long frames) {
    static Layout of(TensorInfo tensor) {
      List<Long> s = tensor.shape();
      return switch (s.size()) {
        case 3 -> channels(s.get(0)) ? new Layout(1, s.get(0), 1) : NONE;
        case 4 ->
            channels(s.get(1))
                ? new Layout(s.get(0), s.get(1), 1)
                : channels(s.get(0)) && s.get(1) == 1 ? new Layout(1, s.get(0), 1) : NONE;
        case 5 ->
            channels(s.get(1))
                ? new Layout(s.get(0), s.get(1), s.get(2))
                : channels(s.get(2)) ? new Layout(s.get(0) * s.get(1), s.get(2), 1) : NONE;
        default -> NONE;
      };
    }

    private static final Layout NONE = new Layout(0, 0, 1);

    private static boolean channels(long n) {
      return n == Latents.CHANNELS || n == 2 * Latents.CHANNELS;
    }

    boolean moments() {
      return channels > Latents.CHANNELS;
    }

    List<Long> shape(TensorInfo tensor) {
      List<Long> s = tensor.shape();
      int rank = s.size();
      if (channels > 0) {
        return List.of(batch * frames, (long) Latents.CHANNELS, s.get(rank - 2), s.get(rank - 1));
      }
      return rank == 3 ? List.of(1L, s.get(0), s.get(1), s.get(2)) : s;
    }

    /** Of each frame its first four channels, in order; the array itself if these are all. */
    float[] values(TensorInfo tensor, float[] stored) {
      if ((!moments() && frames == 1) || stored.length == 0) {
        return stored;
      }
      int rank = tensor.shape().size();
      int cells = (int) (tensor.shape().get(rank - 2) * tensor.shape().get(rank - 1));
      float[] values = new float[(int) (batch * frames) * Latents.CHANNELS * cells];
      int to = 0;
      for (int b = 0; b < batch; b++) {
        for (int f = 0; f < frames; f++) {
          for (int c = 0; c < Latents.CHANNELS; c++) {
            int from = (int) (((b * channels + c) * frames + f) * cells);
            System.arraycopy(stored, from, values, to, cells);
            to += cells;
          }
        }
      }
      return values;
    }
  }
}
