package io.github.consistencydecoder.client;

import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.testing.LatentDecoderContract;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A decoder over a Unix socket is a decoder like any other. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "gRPC has no Unix sockets there")
class UnixSocketContractTest extends LatentDecoderContract {
  @TempDir private static Path folder;
  private static TestService service;

  @BeforeAll
  static void serve() {
    service =
        TestService.open(
            0,
            "consistency_decoder",
            TestService.tiny(),
            endpoint -> endpoint.socket(folder.resolve("own").resolve("s")));
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  @Override
  protected LatentDecoder open() {
    return new RemoteDecoderProvider().open(TestService.at(service.socket()));
  }
}
