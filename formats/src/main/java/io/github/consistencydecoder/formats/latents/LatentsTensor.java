package io.github.consistencydecoder.formats.latents;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.formats.tensors.StrictJson;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The tensor of a file that is the latents: the one asked for, else the first of the usual names,
 * else the only one that can be latents.
 *
 * <p>ComfyUI's {@code .latent} is a safetensors file whose tensor {@code latent_tensor} is what its
 * graph holds between nodes. Files with the empty tensor {@code latent_format_version_0} store it
 * as it is, and for SD 1.x that is unscaled: the sampler divides by 0.18215 on its way out. Files
 * without that tensor are older and are multiplied by 1 / 0.18215 when ComfyUI loads them, so what
 * they store is scaled.
 *
 * <p>Any safetensors file may state its scale in its metadata, {@code "scale": "scaled"} or {@code
 * "unscaled"}; the sample latents of this project do.
 *
 * @param info of floating-point elements; its shape has not been looked at
 * @param declared the scale that the file itself states, if it does
 * @param declaredBy how it does; empty if it does not
 */
public record LatentsTensor(TensorInfo info, Optional<LatentScale> declared, String declaredBy) {
  private static final List<String> USUAL_NAMES =
      List.of("latents", "latent", "samples", "latent_tensor", "z");

  /** Name of ComfyUI's tensor. */
  static final String COMFY_TENSOR = "latent_tensor";

  /** Name of the empty tensor that says that the other is unscaled. */
  static final String COMFY_VERSION = "latent_format_version_0";

  private static final int LISTED = 6;

  /**
   * Finds it.
   *
   * @param wanted name of the tensor, or null
   * @throws FormatException if the file does not hold latents of Stable Diffusion 1.x, or there is
   *     more than one tensor that can be them
   * @throws io.github.consistencydecoder.formats.checkpoint.MissingTensorException if there is no
   *     tensor of the name wanted
   */
  public static LatentsTensor of(Checkpoint file, String wanted) throws FormatException {
    refuseForeignFactor(file);
    TensorInfo info = choose(file, wanted);
    requireFloating(file, info);
    if (info.name().equals(COMFY_TENSOR)) {
      return file.tensors().containsKey(COMFY_VERSION)
          ? new LatentsTensor(info, Optional.of(LatentScale.UNSCALED), "a ComfyUI latent")
          : new LatentsTensor(
              info,
              Optional.of(LatentScale.SCALED),
              "a ComfyUI latent from before latent_format_version_0");
    }
    return switch (file.metadata().getOrDefault("scale", "")) {
      case "scaled" ->
          new LatentsTensor(info, Optional.of(LatentScale.SCALED), "its metadata says so");
      case "unscaled" ->
          new LatentsTensor(info, Optional.of(LatentScale.UNSCALED), "its metadata says so");
      default -> new LatentsTensor(info, Optional.empty(), "");
    };
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

  /** The numbers of SDXL latents look the same; only their metadata can tell. */
  private static void refuseForeignFactor(Checkpoint file) throws FormatException {
    String factor = file.metadata().getOrDefault("scaling_factor", "0.18215");
    if (!factor.equals("0.18215")) {
      throw wrong(
          file,
          "its metadata says scaling_factor "
              + StrictJson.shortened(factor)
              + (factor.equals("0.13025") ? ", that of SDXL" : "")
              + "; latents of Stable Diffusion 1.x (0.18215) are needed");
    }
  }

  private static TensorInfo choose(Checkpoint file, String wanted) throws FormatException {
    if (wanted != null) {
      return file.tensor(wanted);
    }
    for (String name : USUAL_NAMES) {
      TensorInfo info = file.tensors().get(name);
      if (info != null) {
        return info;
      }
    }
    if (file.tensors().size() == 1) {
      // Right or wrong: the message about its elements or shape says more than one about the file.
      return file.tensors().values().iterator().next();
    }
    List<TensorInfo> floating =
        file.tensors().values().stream().filter(t -> t.dtype().floating()).toList();
    List<TensorInfo> candidates = floating.stream().filter(LatentsTensor::canBeLatents).toList();
    if (candidates.size() == 1) {
      return candidates.get(0);
    }
    if (candidates.isEmpty() && floating.size() == 1) {
      return floating.get(0);
    }
    throw wrong(
        file,
        "holds "
            + file.tensors().size()
            + " tensors, "
            + (candidates.isEmpty()
                ? "none of shape [N, 4, h, w]" + listed(floating)
                : candidates.size() + " of which can be latents" + listed(candidates))
            + "; call one 'latents', or name it (--tensor)");
  }

  private static boolean canBeLatents(TensorInfo info) {
    int dimensions = info.shape().size();
    return (dimensions == 4 || dimensions == 3)
        && info.shape().get(dimensions - 3) == Latents.CHANNELS;
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
}
