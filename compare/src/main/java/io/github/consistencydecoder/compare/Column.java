package io.github.consistencydecoder.compare;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.LatentDecoder;

/**
 * A column of the comparison.
 *
 * @param name in files and headings
 * @param decoder borrowed; null for pictures that come with the input
 * @param config that the decoder was opened with, as far as it is known
 * @param options for each decode; null without a decoder
 */
record Column(String name, LatentDecoder decoder, DecoderConfig config, DecodeOptions options) {
  boolean decodes() {
    return decoder != null;
  }
}
