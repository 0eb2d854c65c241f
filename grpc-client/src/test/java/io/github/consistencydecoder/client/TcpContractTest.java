package io.github.consistencydecoder.client;

import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.testing.LatentDecoderContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** A decoder over TCP is a decoder like any other. */
class TcpContractTest extends LatentDecoderContract {
  private static TestService service;

  @BeforeAll
  static void serve() {
    service = TestService.open("consistency_decoder", TestService.tiny());
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  @Override
  protected LatentDecoder open() {
    return new RemoteDecoderProvider().open(TestService.at(service.target()));
  }
}
