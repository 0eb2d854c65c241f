package io.github.consistencydecoder.formats.latents;

import io.github.consistencydecoder.formats.tensors.DType;
import io.github.consistencydecoder.formats.tensors.NpyFile;
import io.github.consistencydecoder.formats.tensors.SafetensorsWriter;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Writes latents in the forms that {@link LatentsFile} reads. */
public final class LatentsWriter {
  private LatentsWriter() {}

  /**
   * Writes a file; a folder that is missing is made, an existing file replaced.
   *
   * @param latents in the unit to be written; a {@link LatentsFormat#LATENT} is unscaled whatever
   *     they are
   * @param text how they came about; their scale is added
   */
  public static void write(
      LatentsFormat format, Path file, Latents latents, Map<String, String> text)
      throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null && !Files.isDirectory(folder)) {
      Files.createDirectories(folder);
    }
    switch (format) {
      case SAFETENSORS ->
          SafetensorsWriter.write(
              file, metadata(latents, text), List.of(tensor("latents", latents)));
      case NPY -> NpyFile.write(file, shape(latents), floats(latents));
      case LATENT -> {
        Latents unscaled = latents.to(LatentScale.UNSCALED);
        SafetensorsWriter.write(
            file,
            metadata(unscaled, text),
            List.of(
                tensor(LatentsTensor.COMFY_TENSOR, unscaled),
                SafetensorsWriter.floats(
                    LatentsTensor.COMFY_VERSION, DType.F32, List.of(0L), new float[0])));
      }
    }
  }

  private static Map<String, String> metadata(Latents latents, Map<String, String> text) {
    Map<String, String> metadata = new TreeMap<>(text);
    metadata.put("scale", latents.scale().name().toLowerCase(Locale.ROOT));
    metadata.put("scaling_factor", Float.toString(Latents.SCALING_FACTOR));
    return metadata;
  }

  private static SafetensorsWriter.Entry tensor(String name, Latents latents) {
    return SafetensorsWriter.floats(name, DType.F32, shape(latents), floats(latents));
  }

  private static List<Long> shape(Latents latents) {
    return List.of(
        (long) latents.batch(),
        (long) Latents.CHANNELS,
        (long) latents.height(),
        (long) latents.width());
  }

  private static float[] floats(Latents latents) {
    float[] values = new float[latents.size()];
    latents.values().get(values);
    return values;
  }
}
