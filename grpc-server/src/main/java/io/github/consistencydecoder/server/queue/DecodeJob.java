package io.github.consistencydecoder.server.queue;

import io.github.consistencydecoder.plugin.DecodeListener;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Start;
import io.github.consistencydecoder.server.models.Redaction;
import io.github.consistencydecoder.server.queue.DecodeService.CallListener;
import io.github.consistencydecoder.server.queue.DecodeService.DecodeResult;
import java.util.Optional;

/** An accepted decode. */
final class DecodeJob extends Job<DecodeResult> {
  final Latents latents;
  final DecodeOptions options;

  /** What others that are decoded with it must have in common with it; empty if it stays alone. */
  final Optional<BatchKey> batchKey;

  DecodeJob(
      Terms terms, Latents latents, DecodeOptions options, CallListener<DecodeResult> listener) {
    super(terms, listener);
    this.latents = latents;
    this.options = options;
    this.batchKey = terms.joins() ? BatchKey.of(latents, options) : Optional.empty();
  }

  @Override
  String seed() {
    return options.noise().toString();
  }

  /** Heap that latents and given noise and pictures take. */
  static long heldBytes(Latents latents, DecodeOptions options) {
    long noise = 0;
    if (options.noise() instanceof Noise.Given given) {
      for (int k = 0; k < given.steps(); k++) {
        noise += 4L * given.step(k).remaining();
      }
    }
    long start = options.start() instanceof Start.Given s ? s.pixels().values().remaining() : 0;
    long known = options.keep().map(k -> k.known().values().remaining()).orElse(0);
    return 4L * (latents.size() + start + known) + noise;
  }

  @Override
  void perform(Batch run) {
    Decoded decoded =
        run.model()
            .decoder()
            .decode(
                latents,
                options.toBuilder().cancellation(run.cancellation()).listener(steps()).build());
    requireFinite("picture", decoded.pixels().values());
    completed(decoded);
  }

  /** Keeps the result. */
  void completed(Decoded decoded) {
    result =
        new DecodeResult(
            clean(decoded), terms.supervisor().status(), terms.prediction(), queueNanos());
  }

  private static Decoded clean(Decoded decoded) {
    return new Decoded(
        decoded.pixels(),
        decoded.stepNanos(),
        decoded.totalNanos(),
        Redaction.of(decoded.metadata()),
        decoded.warnings());
  }

  /** Passes the steps on. */
  DecodeListener steps() {
    return new DecodeListener() {
      @Override
      public void stepStarted(int step, int steps, int timestep) {
        tellStep(() -> listener.stepStarted(step, steps, timestep));
      }

      @Override
      public void stepFinished(int step, int steps, long nanos) {
        tellStep(() -> listener.stepFinished(step, steps, nanos));
      }
    };
  }
}
