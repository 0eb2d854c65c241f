package io.github.consistencydecoder.compare.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The text files that lie beside this class; those of the viewer serve other pages too. */
public final class Resources {
  private Resources() {}

  /**
   * The viewer's script: it defines {@code viewer(element)}, which gives the {@code .stage}s below
   * an element zoom, and two pictures over each other a slider.
   */
  public static String viewerScript() {
    return text("viewer.js");
  }

  /** The viewer's style, with the colours that the pages share. */
  public static String viewerStyle() {
    return text("viewer.css");
  }

  static String text(String name) {
    try (InputStream in = Resources.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new LinkageError("the resource " + name + " is not in the jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("the resource " + name + " cannot be read", e);
    }
  }
}
