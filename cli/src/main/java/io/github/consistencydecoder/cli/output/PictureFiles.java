package io.github.consistencydecoder.cli.output;

import io.github.consistencydecoder.formats.io.AtomicFiles;
import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.PictureWriter;
import io.github.consistencydecoder.formats.tensors.DType;
import io.github.consistencydecoder.formats.tensors.NpyFile;
import io.github.consistencydecoder.formats.tensors.SafetensorsWriter;
import io.github.consistencydecoder.plugin.Pixels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The files that one decode writes.
 *
 * @param format of all of them
 * @param files in the order of the batch, or one for the batch
 * @param rounding of pixels to bytes
 */
public record PictureFiles(PictureFormat format, List<Path> files, Pixels.Rounding rounding) {
  /**
   * Writes a batch; a folder that is missing is made, an existing file replaced.
   *
   * @param text what is needed to get the same picture again; if empty, no text is written at all
   */
  public void write(Pixels pixels, Map<String, String> text) throws IOException {
    Path folder = files.get(0).toAbsolutePath().getParent();
    if (folder != null && !Files.isDirectory(folder)) {
      Files.createDirectories(folder);
    }
    switch (format) {
      case PNG -> {
        for (int i = 0; i < files.size(); i++) {
          Picture picture =
              Picture.takeOver(pixels.width(), pixels.height(), pixels.rgb8(i, rounding));
          AtomicFiles.write(files.get(i), PictureWriter.png(picture, textOf(i, pixels, text)));
        }
      }
      case NPY -> NpyFile.write(files.get(0), shape(pixels), floats(pixels));
      case SAFETENSORS ->
          SafetensorsWriter.write(
              files.get(0),
              new TreeMap<>(text),
              List.of(
                  SafetensorsWriter.floats("pixels", DType.F32, shape(pixels), floats(pixels))));
    }
  }

  private Map<String, String> textOf(int index, Pixels pixels, Map<String, String> text) {
    if (text.isEmpty()) {
      return text;
    }
    Map<String, String> all = new TreeMap<>(text);
    all.put("rounding", rounding.name().toLowerCase(java.util.Locale.ROOT));
    if (pixels.batch() > 1) {
      all.put("image", index + " of " + pixels.batch());
    }
    return all;
  }

  private static List<Long> shape(Pixels pixels) {
    return List.of((long) pixels.batch(), 3L, (long) pixels.height(), (long) pixels.width());
  }

  private static float[] floats(Pixels pixels) {
    float[] values = new float[pixels.values().remaining()];
    pixels.values().get(values);
    return values;
  }
}
