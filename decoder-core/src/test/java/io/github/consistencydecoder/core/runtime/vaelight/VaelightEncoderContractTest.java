package io.github.consistencydecoder.core.runtime.vaelight;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.consistencydecoder.plugin.Availability;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.Encoders;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.testing.LatentEncoderContract;

class VaelightEncoderContractTest extends LatentEncoderContract {
  @Override
  protected LatentEncoder open() {
    Availability availability = Encoders.named("vaelight").availability();
    assumeTrue(availability.available(), () -> "skipped: " + availability.reason());
    return Encoders.open("vaelight", DecoderConfig.empty());
  }
}
