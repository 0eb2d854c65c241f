package io.github.consistencydecoder.cli.photographs;

import io.github.consistencydecoder.formats.pictures.LoadedPicture;
import io.github.consistencydecoder.formats.pictures.PictureFit;
import io.github.consistencydecoder.formats.pictures.PictureReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads photographs and fits them. */
public final class Photographs {
  private static final PictureReader READER = new PictureReader();

  private Photographs() {}

  /**
   * Reads a file as it is.
   *
   * @throws IOException if it is no picture that can be read
   */
  public static LoadedPicture read(Path file) throws IOException {
    return READER.read(file);
  }

  /**
   * Reads a file and fits it.
   *
   * @return with notes about both
   * @throws IOException if it is no picture that can be read
   */
  public static PictureFit.Fitted read(Path file, PictureFit fit) throws IOException {
    LoadedPicture loaded = READER.read(file);
    PictureFit.Fitted fitted = fit.apply(file.toString(), loaded.picture());
    List<String> notes = new ArrayList<>(loaded.notes());
    notes.addAll(fitted.notes());
    return new PictureFit.Fitted(fitted.picture(), notes);
  }
}
