/**
 * The contract between a host (an application, a service, the command) and a decoder of Stable
 * Diffusion 1.x latents; likewise for encoders and for metrics that compare pictures.
 *
 * <p>Entry points: {@link io.github.consistencydecoder.plugin.Decoders}, {@link
 * io.github.consistencydecoder.plugin.Encoders} and {@link
 * io.github.consistencydecoder.plugin.PictureMetrics} for hosts, {@link
 * io.github.consistencydecoder.plugin.LatentDecoderProvider}, {@link
 * io.github.consistencydecoder.plugin.LatentEncoderProvider} and {@link
 * io.github.consistencydecoder.plugin.PictureMetricProvider} for plugins. Values in this package
 * are immutable and may be shared between threads; what threads may do with a decoder is written at
 * {@link io.github.consistencydecoder.plugin.LatentDecoder}.
 *
 * <p>Words used for ownership, always with these meanings: <em>owns</em>: this object closes it,
 * the caller must not; <em>borrows</em>: used during the call only; <em>copies</em>: read before
 * the method returns, later changes are not seen; <em>view of X</em>: shares X's memory and is
 * invalid once X is closed.
 */
package io.github.consistencydecoder.plugin;
