package io.github.consistencydecoder.server.queue;

import static io.github.consistencydecoder.server.fixtures.Fixtures.call;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Schedule;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.fixtures.Fixtures.WaitingListener;
import io.github.consistencydecoder.server.queue.DecodeService.DecodeResult;
import io.github.consistencydecoder.server.queue.DecodeService.JobHandle;
import io.github.consistencydecoder.server.request.CallSettings;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.ServiceLimits;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.FakeDecoder;
import io.github.consistencydecoder.testing.SampleLatents;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What waits and is alike may be decoded together, and nobody can tell. */
class BatchingTest {
  private final FakeDecoder.Controls controls = new FakeDecoder.Controls();
  private final List<JobHandle> tickets = new ArrayList<>();
  private QueuedDecodeService service;

  @BeforeEach
  void open() {
    // Further pictures cost a tenth: batches pay.
    controls.furtherPictures = 0.1;
    controls.stepTime = Duration.ofMillis(4);
    service = Fixtures.service(controls);
  }

  @AfterEach
  void close() {
    controls.release();
    AtRest.require(service);
    service.close();
    assertThat(controls.closedWhileInside).hasValue(0);
  }

  private record Asked(
      Latents latents, DecodeOptions options, WaitingListener<DecodeResult> listener) {}

  private Asked ask(CallSettings settings, Latents latents, DecodeOptions options)
      throws ServiceException {
    WaitingListener<DecodeResult> listener = new WaitingListener<>();
    tickets.add(service.decode(settings, latents, options, listener));
    return new Asked(latents, options, listener);
  }

  /** Holds a worker with a first call, lets these wait behind it, and lets go. */
  private List<Asked> behind(int n, java.util.function.IntFunction<DecodeOptions> options)
      throws ServiceException {
    Asked first = occupy();
    List<Asked> asked = new ArrayList<>();
    for (int k = 0; k < n; k++) {
      asked.add(ask(call(), SampleLatents.scaled(k, 1, 8, 8), options.apply(k)));
    }
    controls.release();
    first.listener().awaitCompletion();
    return asked;
  }

  private Asked occupy() throws ServiceException {
    controls.hold();
    DecodeOptions one = DecodeOptions.builder().seed(99).schedule(Schedule.ONE_STEP).build();
    Asked first = ask(call(), SampleLatents.scaled(99, 1, 8, 16), one);
    Await.until("the worker", () -> controls.inside.get() == 1);
    return first;
  }

  private static DecodeOptions seeded(int k) {
    return DecodeOptions.builder().seed(k).build();
  }

  /** Makes the trials of 2, 4 and 8 happen. */
  private void prove() throws ServiceException {
    // Long enough that a busy machine does not make batches look slow.
    controls.stepTime = Duration.ofMillis(20);
    for (Asked a : behind(24, BatchingTest::seeded)) {
      a.listener().awaitCompletion();
    }
    controls.stepTime = Duration.ofMillis(4);
    controls.order.clear();
  }

  private void requireAsAlone(List<Asked> asked) throws ServiceException {
    try (LatentDecoder alone = controls.openDecoder()) {
      for (Asked a : asked) {
        Decoded found = a.listener().result().decoded();
        Decoded expected = alone.decode(a.latents(), a.options());
        assertThat(found.pixels().values()).isEqualTo(expected.pixels().values());
        assertThat(found.pixels().batch()).isEqualTo(1);
        assertThat(found.metadata()).isEqualTo(expected.metadata());
        assertThat(found.warnings()).isEmpty();
      }
    }
  }

  @Test
  void whatWaitsIsDecodedTogetherAfterTrialsAndComesOutAsAlone() throws Exception {
    prove();
    List<Asked> asked = behind(8, BatchingTest::seeded);
    requireAsAlone(asked);
    assertThat(controls.order).contains("0,1,2,3,4,5,6,7");
    for (Asked a : asked) {
      assertThat(a.listener().events())
          .containsExactly(
              "accepted", "started 0", "finished 0", "started 1", "finished 1", "completed");
    }
  }

  @Test
  void givenNoiseIsJoinedWithGivenNoise() throws Exception {
    prove();
    Random random = new Random(3);
    List<Asked> asked =
        behind(
            4,
            k -> {
              List<float[]> steps = new ArrayList<>();
              for (int step = 0; step < 2; step++) {
                float[] noise = new float[3 * 64 * 64];
                for (int i = 0; i < noise.length; i++) {
                  noise[i] = (float) random.nextGaussian();
                }
                steps.add(noise);
              }
              return DecodeOptions.builder().noise(Noise.given(steps)).build();
            });
    for (Asked a : asked) {
      a.listener().awaitCompletion();
    }
    assertThat(controls.order).containsOnlyOnce("given");
    requireAsAlone(asked);
  }

  @Test
  void onlyWhatIsAlikeIsJoined() throws Exception {
    prove();
    List<Asked> asked =
        behind(
            8,
            k ->
                switch (k % 4) {
                  case 0 -> seeded(k);
                  case 1 -> seeded(k).toBuilder().schedule(Schedule.ONE_STEP).build();
                  case 2 -> seeded(k).toBuilder().clamp(ClampMode.NONE).build();
                  default -> seeded(k).toBuilder().noise(Noise.seededPerImage(List.of(7L))).build();
                });
    requireAsAlone(asked);
    assertThat(controls.order).contains("1,5", "2,6");
  }

  @Test
  void aDecoderWhoseBatchesDifferIsNeverGivenOne() throws Exception {
    controls.batchesDiffer = true;
    requireAsAlone(behind(24, BatchingTest::seeded));
    controls.order.clear();
    requireAsAlone(behind(8, BatchingTest::seeded));
    assertThat(controls.order).noneMatch(noise -> noise.contains(","));
  }

  /** Its sums come in any order, so no two decodes have the same bits. */
  @Test
  void onAGpuABatchMayDifferInItsLastDigits() throws Exception {
    service.close();
    controls.device = "cuda:0, as asked for";
    controls.batchesDiffer = true;
    service = Fixtures.service(controls);
    prove();
    for (Asked a : behind(8, BatchingTest::seeded)) {
      assertThat(a.listener().result()).isNotNull();
    }
    assertThat(controls.order).anyMatch(noise -> noise.contains(","));
  }

  @Test
  void aDecoderWhoseBatchesAreNotFasterIsNeverGivenOne() throws Exception {
    // So much slower that a busy machine does not make batches look fast.
    controls.furtherPictures = 5;
    controls.stepTime = Duration.ofMillis(20);
    requireAsAlone(behind(24, BatchingTest::seeded));
    controls.order.clear();
    requireAsAlone(behind(8, BatchingTest::seeded));
    assertThat(controls.order).noneMatch(noise -> noise.contains(","));
  }

  @Test
  void aMemberThatIsCancelledAloneStopsNobodyElse() throws Exception {
    prove();
    Asked first = occupy();
    tickets.clear();
    List<Asked> asked = new ArrayList<>();
    for (int k = 0; k < 8; k++) {
      asked.add(ask(call(), SampleLatents.scaled(k, 1, 8, 8), seeded(k)));
    }
    controls.releaseAndHoldNext();
    Await.until("the batch", () -> controls.order.contains("0,1,2,3,4,5,6,7"));
    tickets.get(3).cancel();
    assertThat(asked.get(3).listener().failure().error()).isEqualTo(ServiceError.CANCELLED);
    assertThat(asked.get(0).listener().ended()).as("the batch still runs").isFalse();
    asked.remove(3);
    controls.release();
    requireAsAlone(asked);
    first.listener().awaitCompletion();
  }

  @Test
  void aBatchWhoseMembersAreAllCancelledStops() throws Exception {
    prove();
    Asked first = occupy();
    tickets.clear();
    List<Asked> asked = new ArrayList<>();
    for (int k = 0; k < 8; k++) {
      asked.add(ask(call(), SampleLatents.scaled(k, 1, 8, 8), seeded(k)));
    }
    controls.releaseAndHoldNext();
    Await.until("the batch", () -> controls.order.contains("0,1,2,3,4,5,6,7"));
    tickets.forEach(JobHandle::cancel);
    for (Asked a : asked) {
      assertThat(a.listener().failure().error()).isEqualTo(ServiceError.CANCELLED);
    }
    AtRest.require(service);
    first.listener().awaitCompletion();
  }

  @Test
  void aBatchThatFailsIsDecodedOneByOne() throws Exception {
    prove();
    Asked first = occupy();
    List<Asked> asked = new ArrayList<>();
    for (int k = 0; k < 8; k++) {
      asked.add(ask(call(), SampleLatents.scaled(k, 1, 8, 8), seeded(k)));
    }
    // The first call is inside already; the next decode is the batch.
    controls.failNext(new DecoderException(DecoderErrorCode.INVALID_LATENTS, "one of them"));
    controls.release();
    first.listener().awaitCompletion();
    requireAsAlone(asked);
  }

  @Test
  void aBatchFitsTheMemory() throws Exception {
    prove();
    service.close();
    long picture = 64 * 64 * controls.bytesPerPixel;
    service =
        Fixtures.builder(controls)
            .limits(
                new ServiceLimits(
                    1 << 20, 8, Duration.ofMinutes(2), Duration.ofMinutes(1), 3 * picture, 1))
            .start();
    Fixtures.awaitServing(service);
    controls.mostBytesInside.set(0);
    requireAsAlone(behind(24, BatchingTest::seeded));
    assertThat(controls.order).anyMatch(noise -> noise.contains(","));
    assertThat(controls.mostBytesInside.get()).isLessThanOrEqualTo(3 * picture);
  }
}
