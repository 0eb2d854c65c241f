package io.github.consistencydecoder.server.core;

import io.github.consistencydecoder.plugin.Decoded;

/**
 * A completed decode.
 *
 * @param decoded as the decoder gave it; of a call that was batched with others its own part
 * @param model as it was found
 * @param prediction as admitted
 * @param queueNanos from acceptance to the start
 */
public record DecodeResult(
    Decoded decoded, ModelStatus model, Prediction prediction, long queueNanos) {}
