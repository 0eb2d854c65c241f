package io.github.consistencydecoder.formats.pictures;

import java.util.List;

/**
 * The contents of a picture file.
 *
 * @param picture the pixels, upright, in sRGB
 * @param format {@code PNG}, {@code JPEG}, {@code WEBP}, {@code TIFF}, {@code GIF} or {@code BMP}
 * @param notes sentences for a person about what was changed or left out; empty if nothing was
 */
public record LoadedPicture(Picture picture, String format, List<String> notes) {
  public LoadedPicture {
    notes = List.copyOf(notes);
  }
}
