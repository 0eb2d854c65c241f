package io.github.consistencydecoder.client;

import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.LatentEncoderContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** An encoder over TCP is an encoder like any other. */
class EncoderContractTest extends LatentEncoderContract {
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
  protected LatentEncoder open() {
    return new RemoteEncoderProvider().open(TestService.at(service.target()));
  }
}
