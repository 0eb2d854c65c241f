package io.github.consistencydecoder.core;

import io.github.consistencydecoder.core.keep.Region;
import io.github.consistencydecoder.plugin.DecodeListener;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.plugin.Start;
import java.util.function.Consumer;

/**
 * The pictures that the first step of a decode starts from.
 *
 * @param options with a start; borrowed
 * @param provider of the decoder that starts from them; another of the kind cannot make them
 * @param warn is told sentences for a person
 */
record StartPictures(DecodeOptions options, String provider, Consumer<String> warn) {
  /** Timesteps between which a start is neither forgotten nor blended in. */
  private static final int MOST = 960;

  private static final int LEAST = 256;

  /**
   * Takes them, or has them made. Another decoder reserves memory of its own, so that this is
   * called while none is reserved for the decode.
   *
   * @param latents all of them
   * @param evaluated those inside the region
   * @return {@code [N, 3, 8h, 8w]} of the region, row-major; the caller's
   * @throws DecoderException {@link DecoderErrorCode#INVALID_OPTIONS} if they do not fit the
   *     latents, have values that are not finite or come from a decoder of the same kind; and what
   *     that decoder throws
   */
  float[] of(Latents latents, Latents evaluated, Region region) {
    judge(options.schedule().timesteps().get(0));
    return options.start() instanceof Start.DecodedBy by
        ? values(
            decoded(by.decoder(), evaluated),
            evaluated,
            Region.whole(evaluated.height(), evaluated.width()))
        : values(((Start.Given) options.start()).pixels(), latents, region);
  }

  private void judge(int timestep) {
    if (timestep > MOST) {
      warn.accept(
          ("the start is forgotten at timestep %s; give a schedule that begins"
                  + " at %s or below, such as 512")
              .formatted(timestep, MOST));
    } else if (timestep < LEAST) {
      warn.accept(
          ("at timestep %s the picture is a blend with the start; give a schedule that begins"
                  + " at %s or above, such as 512")
              .formatted(timestep, LEAST));
    }
  }

  private Pixels decoded(LatentDecoder decoder, Latents latents) {
    if (decoder.info().provider().equals(provider)) {
      throw invalid(
          ("the start is decoded by '%s', a decoder of the same kind; a cheaper one is needed,"
                  + " such as vae or taesd")
              .formatted(options.start()));
    }
    DecodeListener listener =
        new DecodeListener() {
          @Override
          public void warning(String sentence) {
            warn.accept("the start: " + sentence);
          }
        };
    Decoded decoded =
        decoder.decode(
            latents,
            DecodeOptions.builder()
                .cancellation(options.cancellation())
                .listener(listener)
                .build());
    return decoded.pixels();
  }

  private static float[] values(Pixels pixels, Latents latents, Region part) {
    int perCell = Latents.PIXELS_PER_CELL;
    int height = perCell * latents.height();
    int width = perCell * latents.width();
    if (pixels.batch() != latents.batch() || pixels.height() != height || pixels.width() != width) {
      throw invalid(
          ("the start has %s pictures of %sx%s pixels; %s of %sx%s are needed, as the latents"
                  + " decode to")
              .formatted(
                  pixels.batch(), pixels.width(), pixels.height(), latents.batch(), width, height));
    }
    pixels
        .firstNotFinite()
        .ifPresent(
            i -> {
              throw invalid(
                  "the start has the value "
                      + pixels.values().get(i)
                      + "; pictures in [-1, 1] are needed");
            });
    int planes = 3 * latents.batch();
    float[] out = new float[planes * perCell * part.height() * perCell * part.width()];
    part.cut(pixels.values(), latents.width(), planes, perCell, out);
    return out;
  }

  private static DecoderException invalid(String message) {
    return new DecoderException(DecoderErrorCode.INVALID_OPTIONS, message);
  }
}
