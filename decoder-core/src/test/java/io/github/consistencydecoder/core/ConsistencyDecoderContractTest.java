package io.github.consistencydecoder.core;

import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.testing.LatentDecoderContract;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The consistency decoder keeps the contract of the plugin API. */
class ConsistencyDecoderContractTest extends LatentDecoderContract {
  @TempDir static Path cache;

  @Override
  protected LatentDecoder open() {
    return TestDecoders.open(TestDecoders.resource("formats/f32/diffusers"), cache);
  }
}
