package io.github.consistencydecoder.server.queue;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.LatentCheck;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Tiling;
import io.github.consistencydecoder.server.models.BatchTrials;
import io.github.consistencydecoder.server.request.ModeRules;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The key that jobs must share to be decoded as one batch.
 *
 * @param options all but the noise
 * @param given whether their noise is given, rather than drawn from seeds
 */
public record BatchKey(
    BatchTrials.Shape shape, LatentScale scale, Map<String, Object> options, boolean given) {
  /** Pixels of a picture; beyond it a device is busy with one. */
  private static final int MOST_PIXELS = 256 * 256;

  /** The key of one small picture with plausible latents; empty for anything else. */
  static Optional<BatchKey> of(Latents latents, DecodeOptions options) {
    // What was tried is whether a batch gives the bits of its pictures when neither is divided.
    boolean whole = options.tiling() == Tiling.AUTO || options.tiling() == Tiling.WHOLE;
    if (latents.batch() != 1
        || !whole
        || 64L * latents.height() * latents.width() > MOST_PIXELS
        || !fits(options.noise(), 3 * 64 * latents.height() * latents.width())
        || !quiet(latents)
        || ModeRules.special(options)) {
      return Optional.empty();
    }
    Map<String, Object> same = new HashMap<>(options.asMap());
    same.remove("noise");
    return Optional.of(
        new BatchKey(
            new BatchTrials.Shape(latents.height(), latents.width()),
            latents.scale(),
            Map.copyOf(same),
            options.noise() instanceof Noise.Given));
  }

  /** Whether it is noise for one picture of this size; what is not, a decoder refuses alone. */
  private static boolean fits(Noise noise, int size) {
    if (noise instanceof Noise.SeededPerImage perImage) {
      return perImage.seeds().size() == 1;
    }
    if (noise instanceof Noise.Given given) {
      for (int k = 0; k < given.steps(); k++) {
        if (given.step(k).remaining() != size) {
          return false;
        }
      }
    }
    return true;
  }

  /** Whether a decoder has nothing to say of them: of a batch nobody would know whom it is for. */
  private static boolean quiet(Latents latents) {
    try {
      return LatentCheck.check(latents).isEmpty();
    } catch (DecoderException e) {
      return false;
    }
  }
}
