package io.github.consistencydecoder.formats.latents;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Finds the latents among the tensors of a safetensors file or a torch archive: the one asked for,
 * else the first of the usual names, else the only one that can be latents.
 *
 * <p>ComfyUI's {@code .latent} is a safetensors file whose tensor {@code latent_tensor} is what its
 * graph holds between nodes. Files with the empty tensor {@code latent_format_version_0} store it
 * as it is, and for SD 1.x that is unscaled: the sampler divides by 0.18215 on its way out. Files
 * without that tensor are older and are multiplied by 1 / 0.18215 when ComfyUI loads them, so what
 * they store is scaled.
 *
 * <p>Any safetensors file may state its scale in its metadata, {@code "scale": "scaled"} or {@code
 * "unscaled"}; the sample latents of this project do.
 */
final class LatentsInCheckpoint {
  private static final List<String> USUAL_NAMES =
      List.of("latents", "latent", "samples", "latent_tensor", "z");

  /** Name of ComfyUI's tensor. */
  static final String COMFY_TENSOR = "latent_tensor";

  /** Name of the empty tensor that says that the other is unscaled. */
  static final String COMFY_VERSION = "latent_format_version_0";

  private static final int LISTED = 6;

  private LatentsInCheckpoint() {}

  static Tensor read(Path file, String wanted) throws IOException {
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      refuseForeignFactor(file, checkpoint);
      TensorInfo info = choose(file, checkpoint, wanted);
      if (!info.dtype().floating()) {
        throw new FormatException(
            file.toString(),
            "tensor '"
                + info.name()
                + "' has elements of "
                + info.dtype()
                + ", floating-point ones are needed");
      }
      float[] values = checkpoint.floats(info);
      Optional<LatentScale> comfy = comfy(checkpoint, info);
      if (comfy.isPresent()) {
        return new Tensor(
            values,
            info.shape(),
            comfy,
            comfy.get() == LatentScale.UNSCALED
                ? "a ComfyUI latent"
                : "a ComfyUI latent from before latent_format_version_0");
      }
      return new Tensor(values, info.shape(), stated(checkpoint), "its metadata says so");
    }
  }

  /** The shape of the tensor that {@link #read} would take; reads the header alone. */
  static List<Long> shape(Path file, String wanted) throws IOException {
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      return choose(file, checkpoint, wanted).shape();
    }
  }

  /** The numbers of SDXL latents look the same; only their metadata can tell. */
  private static void refuseForeignFactor(Path file, Checkpoint checkpoint) throws FormatException {
    String factor = checkpoint.metadata().getOrDefault("scaling_factor", "0.18215");
    if (!factor.equals("0.18215")) {
      throw new FormatException(
          file.toString(),
          "its metadata says scaling_factor "
              + factor
              + (factor.equals("0.13025") ? ", that of SDXL" : "")
              + "; latents of Stable Diffusion 1.x (0.18215) are needed");
    }
  }

  private static Optional<LatentScale> comfy(Checkpoint checkpoint, TensorInfo info) {
    if (!info.name().equals(COMFY_TENSOR)) {
      return Optional.empty();
    }
    return Optional.of(
        checkpoint.tensors().containsKey(COMFY_VERSION)
            ? LatentScale.UNSCALED
            : LatentScale.SCALED);
  }

  private static Optional<LatentScale> stated(Checkpoint checkpoint) {
    String scale = checkpoint.metadata().getOrDefault("scale", "");
    return switch (scale) {
      case "scaled" -> Optional.of(LatentScale.SCALED);
      case "unscaled" -> Optional.of(LatentScale.UNSCALED);
      default -> Optional.empty();
    };
  }

  private static TensorInfo choose(Path file, Checkpoint checkpoint, String wanted)
      throws FormatException {
    if (wanted != null) {
      return checkpoint.tensor(wanted);
    }
    for (String name : USUAL_NAMES) {
      TensorInfo info = checkpoint.tensors().get(name);
      if (info != null) {
        return info;
      }
    }
    List<TensorInfo> floating =
        checkpoint.tensors().values().stream().filter(t -> t.dtype().floating()).toList();
    List<TensorInfo> candidates =
        floating.stream().filter(LatentsInCheckpoint::canBeLatents).toList();
    if (candidates.size() == 1) {
      return candidates.get(0);
    }
    if (candidates.isEmpty() && floating.size() == 1) {
      // Wrong, but the message about its shape says more than one about the file.
      return floating.get(0);
    }
    throw new FormatException(
        file.toString(),
        "holds "
            + checkpoint.tensors().size()
            + " tensors, "
            + (candidates.isEmpty()
                ? "none of shape [N, 4, h, w]" + listed(floating)
                : candidates.size() + " of which can be latents" + listed(candidates))
            + "; name one with --tensor");
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
        .map(t -> t.name() + " " + t.shape())
        .collect(Collectors.joining(", ", " (", tensors.size() > LISTED ? ", ..)" : ")"));
  }
}
