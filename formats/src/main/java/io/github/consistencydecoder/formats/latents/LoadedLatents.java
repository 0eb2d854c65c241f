package io.github.consistencydecoder.formats.latents;

import io.github.consistencydecoder.plugin.Latents;

/**
 * Latents from a file.
 *
 * @param latents with their scale
 * @param decision how the scale was decided, a sentence; empty if the person said it
 */
public record LoadedLatents(Latents latents, String decision) {}
