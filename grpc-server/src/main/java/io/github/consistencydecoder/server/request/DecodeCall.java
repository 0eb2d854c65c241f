package io.github.consistencydecoder.server.request;

import io.github.consistencydecoder.formats.latents.DecodeRequest;
import io.github.consistencydecoder.formats.latents.LoadedLatents;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Latents;

/**
 * A decode that an endpoint has read.
 *
 * @param settings of the call
 * @param size as judged
 * @param request latents, options, and the answer's form
 * @param <O> that form
 */
public record DecodeCall<O>(CallSettings settings, DecodeSize size, DecodeRequest<O> request) {
  /** A call that was read part by part. */
  public DecodeCall(
      CallSettings settings, DecodeSize size, Latents latents, DecodeOptions options, O answer) {
    this(settings, size, new DecodeRequest<>(LoadedLatents.of(latents), options, answer));
  }
}
