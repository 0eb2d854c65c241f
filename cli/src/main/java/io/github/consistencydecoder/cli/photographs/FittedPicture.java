package io.github.consistencydecoder.cli.photographs;

import io.github.consistencydecoder.formats.pictures.Picture;
import java.util.List;

/**
 * A picture whose sides are multiples of 8.
 *
 * @param picture what is left
 * @param notes sentences about what was done to it, beginning with "it" or "its"; empty if nothing
 *     was
 */
public record FittedPicture(Picture picture, List<String> notes) {
  /** Copies the notes. */
  public FittedPicture {
    notes = List.copyOf(notes);
  }
}
