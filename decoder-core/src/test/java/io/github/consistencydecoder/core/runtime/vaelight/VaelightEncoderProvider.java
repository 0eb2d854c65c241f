package io.github.consistencydecoder.core.runtime.vaelight;

import io.github.consistencydecoder.plugin.Availability;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.LatentEncoderProvider;

/** Opens VAElight's encoder; the model is its folder, by default that of the shared data. */
public final class VaelightEncoderProvider implements LatentEncoderProvider {
  @Override
  public String name() {
    return VaelightModel.NAME;
  }

  @Override
  public Availability availability() {
    return VaelightModel.availability();
  }

  @Override
  public LatentEncoder open(DecoderConfig config) {
    return new VaelightEncoder(VaelightModel.open(config, "VAEencoder.onnx"));
  }
}
