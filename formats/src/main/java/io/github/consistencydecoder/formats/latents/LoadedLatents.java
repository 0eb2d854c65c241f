package io.github.consistencydecoder.formats.latents;

import io.github.consistencydecoder.plugin.Latents;
import java.util.Map;

/**
 * Latents and what came with them.
 *
 * @param latents with their scale
 * @param decision how the scale was decided, a sentence; empty if the person said it
 * @param text how the latents came about, as other programs look for it in a picture: {@code
 *     prompt}, {@code workflow}, {@code parameters}, those that the file has
 */
public record LoadedLatents(Latents latents, String decision, Map<String, String> text) {
  /** Copies the text. */
  public LoadedLatents {
    text = Map.copyOf(text);
  }

  /** Latents of a scale that was said, without a text. */
  public static LoadedLatents of(Latents latents) {
    return new LoadedLatents(latents, "", Map.of());
  }
}
