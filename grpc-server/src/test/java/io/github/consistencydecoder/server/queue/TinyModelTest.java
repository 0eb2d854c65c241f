package io.github.consistencydecoder.server.queue;

import static io.github.consistencydecoder.server.fixtures.Fixtures.call;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Schedule;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.fixtures.Fixtures.WaitingListener;
import io.github.consistencydecoder.server.models.JoinedDecode;
import io.github.consistencydecoder.server.models.ModelSource;
import io.github.consistencydecoder.server.models.ModelStatus;
import io.github.consistencydecoder.server.queue.DecodeService.DecodeResult;
import io.github.consistencydecoder.server.queue.DecodeService.JobHandle;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.SampleLatents;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The bundled network behind the service gives what it gives in process. */
class TinyModelTest {
  @TempDir private static Path folder;
  private static DecoderConfig config;
  private static LatentDecoder alone;
  private static QueuedDecodeService service;

  @BeforeAll
  static void open() {
    config = DecoderConfig.model("tiny").with("cache", folder.resolve("cache").toString());
    alone = Decoders.open("consistency", config);
    service =
        QueuedDecodeService.builder()
            .model("tiny", ModelSource.of("consistency", config))
            .stateFolder(folder.resolve("state"))
            .start();
    Fixtures.awaitServing(service);
  }

  @AfterAll
  static void close() {
    service.close();
    alone.close();
  }

  private static void requireSame(Decoded found, Latents latents, DecodeOptions options) {
    Decoded expected = alone.decode(latents, options);
    assertThat(found.pixels().values()).isEqualTo(expected.pixels().values());
    assertThat(found.metadata()).isEqualTo(expected.metadata());
    assertThat(found.warnings()).isEqualTo(expected.warnings());
  }

  @Test
  void thePicturesAreThoseInProcess() throws Exception {
    for (int k = 0; k < 6; k++) {
      Latents latents = SampleLatents.scaled(k, 1 + k % 3, 5 + k, 9);
      DecodeOptions options =
          DecodeOptions.builder()
              .seed(k)
              .schedule(k % 2 == 0 ? Schedule.TWO_STEPS : Schedule.steps(3))
              .build();
      WaitingListener<DecodeResult> listener = new WaitingListener<>();
      JobHandle unused = service.decode(call(), latents, options, listener);
      DecodeResult result = listener.result();
      requireSame(result.decoded(), latents, options);
      assertThat(result.prediction().peakBytes())
          .isEqualTo(alone.estimate(latents.batch(), 5 + k, 9, options).peakBytes());
      assertThat(result.prediction().nanos()).isPositive();
    }
  }

  @Test
  void whatIsJoinedGivesTheBytesOfEachAlone() {
    List<JoinedDecode.Part> parts = new ArrayList<>();
    for (int k = 0; k < 4; k++) {
      parts.add(
          new JoinedDecode.Part(
              SampleLatents.scaled(k, 1, 8, 12),
              DecodeOptions.builder()
                  .noise(k == 2 ? Noise.seededPerImage(List.of(77L)) : Noise.seeded(k))
                  .build()));
    }
    List<Decoded> joined =
        JoinedDecode.decode(
                alone,
                parts,
                DecodeOptions.defaults().listener(),
                DecodeOptions.defaults().cancellation())
            .orElseThrow();
    for (int k = 0; k < parts.size(); k++) {
      requireSame(joined.get(k), parts.get(k).latents(), parts.get(k).options());
    }
  }

  @Test
  void aCrowdOfLikeCallsGetsTheBytesOfEachAlone() throws Exception {
    List<WaitingListener<DecodeResult>> listeners = new ArrayList<>();
    for (int k = 0; k < 16; k++) {
      WaitingListener<DecodeResult> listener = new WaitingListener<>();
      JobHandle unused =
          service.decode(
              call(),
              SampleLatents.scaled(k, 1, 8, 8),
              DecodeOptions.builder().seed(k).build(),
              listener);
      listeners.add(listener);
    }
    for (int k = 0; k < 16; k++) {
      requireSame(
          listeners.get(k).result().decoded(),
          SampleLatents.scaled(k, 1, 8, 8),
          DecodeOptions.builder().seed(k).build());
    }
  }

  @Test
  void aDecodeAfterCancelledOnesIsRight() throws Exception {
    Random random = new Random(5);
    for (int k = 0; k < 40; k++) {
      WaitingListener<DecodeResult> listener = new WaitingListener<>();
      JobHandle ticket =
          service.decode(
              call(),
              SampleLatents.scaled(k, 1, 32, 32),
              DecodeOptions.builder().seed(k).build(),
              listener);
      long until = System.nanoTime() + random.nextInt(20_000_000);
      while (System.nanoTime() - until < 0) {
        Thread.onSpinWait();
      }
      ticket.cancel();
      Await.until("an end", listener::ended);
    }
    AtRest.require(service);
    assertThat(service.ledger().cancelled()).isPositive();
    Latents latents = SampleLatents.scaled(1, 1, 8, 8);
    WaitingListener<DecodeResult> listener = new WaitingListener<>();
    JobHandle unused = service.decode(call(), latents, DecodeOptions.defaults(), listener);
    requireSame(listener.result().decoded(), latents, DecodeOptions.defaults());
  }

  @Test
  void latentsThatAreNoneAreRefusedInTheDecodersWords() throws Exception {
    float[] values = new float[4 * 64];
    values[7] = Float.NaN;
    WaitingListener<DecodeResult> listener = new WaitingListener<>();
    JobHandle unused =
        service.decode(
            call(), Latents.scaled(values, 1, 4, 8, 8), DecodeOptions.defaults(), listener);
    ServiceException e = listener.failure();
    assertThat(e.error()).isEqualTo(ServiceError.INVALID);
    assertThat(e.field()).contains("latents");
    assertThat(e).hasMessageContaining("NaN");
    assertThat(service.readiness()).isEqualTo(Readiness.SERVING);
  }

  @Test
  void theDecodersInformationSaysNothingOfThisMachine() {
    ModelStatus status = service.models().get(0);
    assertThat(status.info().orElseThrow().toString()).doesNotContain(folder.toString());
  }

  @Test
  void aSecondProcessFindsThePictureOfTheFirst() {
    try (QueuedDecodeService second =
        QueuedDecodeService.builder()
            .model("tiny", ModelSource.of("consistency", config))
            .stateFolder(folder.resolve("state"))
            .backoff(Duration.ofMillis(10))
            .start()) {
      Fixtures.awaitServing(second);
    }
  }
}
