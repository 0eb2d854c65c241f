package io.github.consistencydecoder.core.runtime.vaelight;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.consistencydecoder.plugin.Availability;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.testing.LatentDecoderContract;

class VaelightDecoderContractTest extends LatentDecoderContract {
  @Override
  protected LatentDecoder open() {
    Availability availability = Decoders.named("vaelight").availability();
    assumeTrue(availability.available(), () -> "skipped: " + availability.reason());
    return Decoders.open("vaelight", DecoderConfig.empty());
  }

  @Override
  protected boolean usesNoise() {
    return false;
  }
}
