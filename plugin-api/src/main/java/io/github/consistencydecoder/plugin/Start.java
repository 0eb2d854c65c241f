package io.github.consistencydecoder.plugin;

import static java.util.Objects.requireNonNull;

/**
 * The picture that the first evaluation starts from. From anything but noise, one evaluation at
 * timestep 512 replaces the usual two: the first one's result is only a rough picture, and a
 * cheaper decoder gives that too. Immutable. Decoders of one pass ignore it, as they ignore noise
 * and schedule.
 */
public sealed interface Start permits Start.FromNoise, Start.Given, Start.DecodedBy {
  /** No picture: the first evaluation starts from noise alone. The default. */
  Start NOISE = new FromNoise();

  /** Starts from these pictures, one for each latent. */
  static Start given(Pixels pixels) {
    return new Given(pixels);
  }

  /** Starts from what another decoder makes of the same latents. */
  static Start decodedBy(LatentDecoder decoder) {
    return new DecodedBy(decoder);
  }

  /** No picture. */
  record FromNoise() implements Start {
    @Override
    public String toString() {
      return "noise";
    }
  }

  /**
   * The caller's pictures.
   *
   * @param pixels {@code [N, 3, 8h, 8w]}, nominally in {@code [-1, 1]}
   */
  record Given(Pixels pixels) implements Start {
    public Given {
      requireNonNull(pixels, "pixels");
    }

    @Override
    public String toString() {
      return "given";
    }
  }

  /**
   * Another decoder's pictures, made when they are needed.
   *
   * @param decoder borrowed; open until the decode has ended
   */
  record DecodedBy(LatentDecoder decoder) implements Start {
    public DecodedBy {
      requireNonNull(decoder, "decoder");
    }

    @Override
    public String toString() {
      DecoderInfo info = decoder.info();
      return info.provider() + ":" + info.model();
    }
  }
}
