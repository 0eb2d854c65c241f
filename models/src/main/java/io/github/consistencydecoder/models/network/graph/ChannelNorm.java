package io.github.consistencydecoder.models.network.graph;

import io.github.consistencydecoder.models.network.onnx.GraphBuilder;
import io.github.consistencydecoder.models.network.onnx.Value;

/**
 * A norm of one picture: {@code (x - mean) / sqrt(variance + epsilon) * scale + shift}. Each is a
 * vector of the channels.
 */
record ChannelNorm(Value scale, Value shift, Value mean, Value variance, float epsilon) {
  /** {@code x * scale + shift} alone. */
  static ChannelNorm ofStandard(GraphBuilder g, Value scale, Value shift, int channels) {
    return new ChannelNorm(
        scale,
        shift,
        g.vector("zeros_" + channels, channels, 0f),
        g.vector("ones_" + channels, channels, 1f),
        0f);
  }
}
