package io.github.consistencydecoder.server.core;

import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;

/** An accepted encoding. */
final class EncodeJob extends Call<EncodeResult> {
  private final Pixels pixels;

  EncodeJob(Terms terms, Pixels pixels, CallListener<EncodeResult> listener) {
    super(CallKind.ENCODE, terms, listener);
    this.pixels = pixels;
  }

  @Override
  String seed() {
    return "";
  }

  @Override
  void perform(Run run) {
    long start = System.nanoTime();
    Latents latents = run.model().encoder().orElseThrow().encode(pixels, run.cancellation());
    Finite.require(latents);
    result =
        new EncodeResult(latents, terms.keeper().status(), queueNanos(), System.nanoTime() - start);
  }
}
