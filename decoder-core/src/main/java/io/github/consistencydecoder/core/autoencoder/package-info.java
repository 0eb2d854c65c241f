/**
 * The Stable Diffusion 1.x VAE and TAESD, decoders and encoders: networks of one evaluation,
 * without noise.
 *
 * <p>Entry points: the providers {@code vae} and {@code taesd}. What they open may be used by
 * several threads at once.
 */
package io.github.consistencydecoder.core.autoencoder;
