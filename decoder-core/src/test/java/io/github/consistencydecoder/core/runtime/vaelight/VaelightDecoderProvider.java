package io.github.consistencydecoder.core.runtime.vaelight;

import io.github.consistencydecoder.plugin.Availability;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentDecoderProvider;

/** Opens VAElight's decoder; the model is its folder, by default that of the shared data. */
public final class VaelightDecoderProvider implements LatentDecoderProvider {
  @Override
  public String name() {
    return VaelightModel.NAME;
  }

  @Override
  public Availability availability() {
    return VaelightModel.availability();
  }

  @Override
  public LatentDecoder open(DecoderConfig config) {
    return new VaelightDecoder(VaelightModel.open(config, "VAEpreview.onnx"));
  }
}
