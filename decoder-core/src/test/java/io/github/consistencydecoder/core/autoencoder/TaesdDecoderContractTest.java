package io.github.consistencydecoder.core.autoencoder;

import io.github.consistencydecoder.core.TestDecoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.testing.LatentDecoderContract;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class TaesdDecoderContractTest extends LatentDecoderContract {
  @TempDir static Path cache;

  @Override
  protected LatentDecoder open() {
    Path model = TestDecoders.resource("goldens/taesd-reduced");
    return new AutoencoderProviders.TaesdDecoderProvider().open(TestDecoders.config(model, cache));
  }

  @Override
  protected boolean usesNoise() {
    return false;
  }
}
