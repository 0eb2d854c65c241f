package io.github.consistencydecoder.core.autoencoder;

import io.github.consistencydecoder.core.TestDecoders;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.testing.LatentEncoderContract;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class VaeEncoderContractTest extends LatentEncoderContract {
  @TempDir static Path cache;

  @Override
  protected LatentEncoder open() {
    Path model = TestDecoders.resource("goldens/vae-reduced");
    return new AutoencoderProviders.VaeEncoderProvider().open(TestDecoders.config(model, cache));
  }
}
