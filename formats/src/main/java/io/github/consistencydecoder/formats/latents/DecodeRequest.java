package io.github.consistencydecoder.formats.latents;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Latents;

/**
 * One decode as it was asked for, at whichever entrance.
 *
 * @param input what is decoded
 * @param options how; listener and cancellation are set by who runs it
 * @param output what becomes of the pictures
 * @param <O> that of the entrance: files, or an answer's form
 */
public record DecodeRequest<O>(LoadedLatents input, DecodeOptions options, O output) {
  public DecodeRequest {
    requireNonNull(input, "input");
    requireNonNull(options, "options");
    requireNonNull(output, "output");
  }

  /** The latents of the input. */
  public Latents latents() {
    return input.latents();
  }
}
