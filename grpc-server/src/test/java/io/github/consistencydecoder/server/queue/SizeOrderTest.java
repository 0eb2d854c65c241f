package io.github.consistencydecoder.server.queue;

import static io.github.consistencydecoder.server.fixtures.Fixtures.call;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.fixtures.Fixtures.WaitingListener;
import io.github.consistencydecoder.server.queue.DecodeService.DecodeResult;
import io.github.consistencydecoder.server.queue.DecodeService.JobHandle;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.FakeDecoder;
import io.github.consistencydecoder.testing.SampleLatents;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A GPU makes its plans anew for every size, so calls of one size come together there. */
class SizeOrderTest {
  private final FakeDecoder.Controls controls = new FakeDecoder.Controls();
  private QueuedDecodeService service;

  @AfterEach
  void close() {
    controls.release();
    service.close();
  }

  /** Seeds in the order in which they were decoded; even ones are small, odd ones are wide. */
  private List<String> order(String device, int calls) throws Exception {
    controls.device = device;
    service = Fixtures.builder(controls).mostJoined(1).start();
    Fixtures.awaitServing(service);
    controls.order.clear();
    controls.hold();
    List<WaitingListener<DecodeResult>> listeners = new ArrayList<>();
    for (int k = 0; k < calls; k++) {
      WaitingListener<DecodeResult> listener = new WaitingListener<>();
      JobHandle unused =
          service.decode(
              call(),
              SampleLatents.scaled(k, 1, 8, k % 2 == 0 ? 8 : 16),
              DecodeOptions.builder().seed(k).build(),
              listener);
      listeners.add(listener);
      if (k == 0) {
        Await.until("the worker", () -> controls.inside.get() == 1);
      }
    }
    controls.release();
    for (WaitingListener<DecodeResult> listener : listeners) {
      assertThat(listener.result()).isNotNull();
    }
    return List.copyOf(controls.order);
  }

  @Test
  void onTheCpuTheFirstComesFirst() throws Exception {
    assertThat(order("cpu, as asked for", 6)).containsExactly("0", "1", "2", "3", "4", "5");
  }

  @Test
  void onAGpuThoseOfOneSizeComeTogether() throws Exception {
    assertThat(order("cuda:0, as asked for", 6)).containsExactly("0", "2", "4", "1", "3", "5");
  }

  @Test
  void theCallWhoseTurnItIsIsNotOvertakenForEver() throws Exception {
    List<String> found = order("cuda:0, as asked for", 2 * JobQueue.MOST_OVERTAKEN + 6);
    // The first, and as many as may overtake.
    assertThat(found.indexOf("1")).isEqualTo(1 + JobQueue.MOST_OVERTAKEN);
    assertThat(found.subList(0, 1 + JobQueue.MOST_OVERTAKEN))
        .allMatch(seed -> Integer.parseInt(seed) % 2 == 0);
  }
}
