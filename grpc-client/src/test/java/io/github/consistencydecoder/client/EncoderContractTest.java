package io.github.consistencydecoder.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.Encoders;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.testing.LatentEncoderContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

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

  @Test
  void theEstimateIsThatOfTheEncoderThere() {
    try (LatentEncoder remote = open();
        LatentEncoder here = Encoders.open("vae", TestService.vaeConfig())) {
      assertThat(remote.estimate(2, 24, 64)).isEqualTo(here.estimate(2, 24, 64));
    }
  }

  @Override
  protected LatentEncoder open() {
    return new RemoteEncoderProvider().open(TestService.at(service.target()));
  }
}
