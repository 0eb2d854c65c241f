package io.github.consistencydecoder.models.network.autoencoder;

import io.github.consistencydecoder.models.network.AutoencoderPart;

/** One half of an autoencoder as data: what it is and what it costs. */
public sealed interface AutoencoderNetwork permits VaeNetwork, TaesdNetwork {
  /** Which half. */
  AutoencoderPart part();

  /** Channels that come in: the latent's or the picture's. */
  int inputs();

  /** Channels that go out; of an encoder, the first four are the latent. */
  int outputs();

  /** Number of parameters. */
  long parameters();

  /**
   * Floating-point operations as published, a multiply-add counted as two.
   *
   * @param height of the picture in pixels
   * @param width of the picture in pixels
   */
  double operations(long height, long width);

  /**
   * Most float32 values alive at one moment when operators run one after the other.
   *
   * @param height of the picture in pixels
   * @param width of the picture in pixels
   */
  double peakValues(long height, long width);

  /** What distinguishes it from other networks of its kind, for a person. */
  String description();
}
