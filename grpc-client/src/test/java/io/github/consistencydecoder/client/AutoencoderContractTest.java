package io.github.consistencydecoder.client;

import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.testing.LatentDecoderContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** So is one without noise and steps. */
class AutoencoderContractTest extends LatentDecoderContract {
  private static TestService service;

  @BeforeAll
  static void serve() {
    service = TestService.open("sd_vae", TestService.vae());
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  @Override
  protected LatentDecoder open() {
    return new RemoteDecoderProvider().open(TestService.at(service.target()));
  }

  @Override
  protected boolean usesNoise() {
    return false;
  }
}
