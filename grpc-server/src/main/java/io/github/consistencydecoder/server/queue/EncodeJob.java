package io.github.consistencydecoder.server.queue;

import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.server.queue.DecodeService.CallListener;
import io.github.consistencydecoder.server.queue.DecodeService.EncodeResult;
import io.github.consistencydecoder.server.queue.Job.Finite;
import io.github.consistencydecoder.server.request.DecodeSize.CallKind;

/** An accepted encoding. */
final class EncodeJob extends Job<EncodeResult> {
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
  void perform(Batch run) {
    long start = System.nanoTime();
    Latents latents = run.model().encoder().orElseThrow().encode(pixels, run.cancellation());
    Finite.require(latents);
    result =
        new EncodeResult(latents, terms.keeper().status(), queueNanos(), System.nanoTime() - start);
  }
}
