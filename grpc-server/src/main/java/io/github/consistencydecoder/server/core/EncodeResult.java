package io.github.consistencydecoder.server.core;

import io.github.consistencydecoder.plugin.Latents;

/**
 * A completed encoding.
 *
 * @param latents the mean of the encoder's distribution; either scale
 * @param model as it was found
 * @param queueNanos from acceptance to the start
 * @param encodeNanos of the encoding
 */
public record EncodeResult(Latents latents, ModelStatus model, long queueNanos, long encodeNanos) {}
