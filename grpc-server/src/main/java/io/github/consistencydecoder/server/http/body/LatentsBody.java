package io.github.consistencydecoder.server.http.body;

import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.server.core.ServiceException;
import io.github.consistencydecoder.server.wire.TensorFields;
import io.github.consistencydecoder.server.wire.WireTensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Latents in a file.
 *
 * @param latents view of the file
 * @param scale as the file states it, if it does
 * @param noise one tensor a step, views of the file; empty if it has none
 */
public record LatentsBody(WireTensor latents, Optional<LatentScale> scale, List<WireTensor> noise) {
  private static final TensorFields FIELDS = new TensorFields("body", "body", "body");
  private static final List<String> USUAL_NAMES =
      List.of("latents", "latent", "samples", "latent_tensor", "z");
  private static final String COMFY_TENSOR = "latent_tensor";
  private static final String COMFY_VERSION = "latent_format_version_0";
  private static final int MOST_STEPS = 2;

  /**
   * An {@code .npy} file.
   *
   * @throws ServiceException {@code INVALID}
   */
  public static LatentsBody npy(ByteBuffer file) throws ServiceException {
    return new LatentsBody(NpyBody.parse(file).wire(FIELDS), Optional.empty(), List.of());
  }

  /**
   * A safetensors file, ComfyUI's {@code .latent} among them: the tensor of a usual name, else the
   * only one that can be latents; {@code noise0} and {@code noise1}, if they are there; the scale
   * from the metadata, or as ComfyUI has it: unscaled with the tensor {@code
   * latent_format_version_0}, scaled without.
   *
   * @throws ServiceException {@code INVALID}
   */
  public static LatentsBody safetensors(ByteBuffer file) throws ServiceException {
    SafetensorsBody body = SafetensorsBody.parse(file);
    String factor = body.metadata().getOrDefault("scaling_factor", "0.18215");
    if (!factor.equals("0.18215")) {
      throw SafetensorsBody.bad(
          "its metadata has another scaling_factor than 0.18215, so these are not latents of Stable"
              + " Diffusion 1.x");
    }
    String name = choose(body.tensors());
    List<WireTensor> noise = new ArrayList<>();
    for (int step = 0; step < MOST_STEPS; step++) {
      FileTensor found = body.tensors().get("noise" + step);
      if (found != null) {
        noise.add(found.wire(FIELDS));
      }
    }
    return new LatentsBody(
        body.tensors().get(name).wire(FIELDS), scale(name, body), List.copyOf(noise));
  }

  private static Optional<LatentScale> scale(String name, SafetensorsBody body) {
    if (name.equals(COMFY_TENSOR)) {
      return Optional.of(
          body.tensors().containsKey(COMFY_VERSION) ? LatentScale.UNSCALED : LatentScale.SCALED);
    }
    return switch (body.metadata().getOrDefault("scale", "")) {
      case "scaled" -> Optional.of(LatentScale.SCALED);
      case "unscaled" -> Optional.of(LatentScale.UNSCALED);
      default -> Optional.empty();
    };
  }

  private static String choose(Map<String, FileTensor> tensors) throws ServiceException {
    for (String name : USUAL_NAMES) {
      if (tensors.containsKey(name)) {
        return name;
      }
    }
    List<String> candidates =
        tensors.entrySet().stream()
            .filter(e -> e.getValue().element().floating() && canBeLatents(e.getValue().shape()))
            .map(Map.Entry::getKey)
            .toList();
    if (candidates.size() != 1) {
      throw SafetensorsBody.bad(
          candidates.size()
              + " of its "
              + tensors.size()
              + " tensors can be latents [N, 4, h, w];"
              + " exactly one is needed, or one that is called latents");
    }
    return candidates.get(0);
  }

  private static boolean canBeLatents(List<Long> shape) {
    int n = shape.size();
    return (n == 3 || n == 4) && shape.get(n - 3) == Latents.CHANNELS;
  }
}
