package io.github.consistencydecoder.server.grpc;

import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.queue.QueuedDecodeService;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.FakeDecoder;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** As {@link MalformedTest}, for longer. */
@Tag("load")
class MalformedLoadTest {
  @Test
  void mutatedMessagesAreAnsweredWithClientErrorsOnly() {
    try (QueuedDecodeService service = Fixtures.service(new FakeDecoder.Controls());
        OpenEndpoint endpoint = OpenEndpoint.over(service)) {
      int count = Integer.getInteger("mutations", 100_000);
      System.out.println("outcomes: " + Mutations.run(endpoint, count, 2));
      Await.until("bytes to be free", () -> endpoint.endpoint.bytesInFlight().held() == 0);
    }
  }
}
