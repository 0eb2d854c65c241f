package io.github.consistencydecoder.server.core;

/**
 * What a decode's cost depends on; known from a request's first bytes, before its body.
 *
 * @param batch number of latents
 * @param height of a latent, in cells of 8 pixels
 * @param width of a latent, in cells of 8 pixels
 * @param steps evaluations of the network
 */
public record DecodeSize(int batch, int height, int width, int steps) {
  /** Of all pictures together. */
  public long pixels() {
    return 64L * batch * height * width;
  }
}
