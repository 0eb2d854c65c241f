package io.github.consistencydecoder.server.queue;

import static io.github.consistencydecoder.server.fixtures.Fixtures.call;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.fixtures.Fixtures.WaitingListener;
import io.github.consistencydecoder.server.models.ModelSource;
import io.github.consistencydecoder.server.queue.DecodeService.EncodeResult;
import io.github.consistencydecoder.server.queue.DecodeService.JobHandle;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.FakeDecoder;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EncodeTest {
  private final FakeDecoder.Controls controls = new FakeDecoder.Controls();
  private QueuedDecodeService service;

  @BeforeEach
  void open() {
    service =
        QueuedDecodeService.builder()
            .model(Fixtures.MODEL, ModelSource.of(controls::openDecoder))
            .model(
                "sd_vae", ModelSource.of(controls::openDecoder).withEncoder(controls::openEncoder))
            .limits(Fixtures.limits())
            .start();
    Fixtures.awaitServing(service);
  }

  @AfterEach
  void close() {
    controls.release();
    AtRest.require(service);
    service.close();
    assertThat(controls.open).hasValue(0);
  }

  private static Pixels pixels(int height, int width) {
    Random random = new Random(1);
    float[] values = new float[3 * height * width];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat() * 2 - 1;
    }
    return Pixels.takeOver(values, 1, height, width);
  }

  @Test
  void theFirstModelWithAnEncoderEncodes() throws Exception {
    WaitingListener<EncodeResult> listener = new WaitingListener<>();
    JobHandle unused = service.encode(call(), pixels(24, 40), listener);
    EncodeResult result = listener.result();
    assertThat(result.model().name()).isEqualTo("sd_vae");
    try (LatentEncoder alone = controls.openEncoder()) {
      assertThat(result.latents().values()).isEqualTo(alone.encode(pixels(24, 40)).values());
    }
    assertThat(listener.events()).containsExactly("accepted", "completed");
    assertThat(result.encodeNanos()).isPositive();
  }

  @Test
  void sidesThatAreNoMultiplesOfACellAreInvalid() {
    assertThatThrownBy(() -> service.encode(call(), pixels(24, 41), new WaitingListener<>()))
        .hasMessageContaining("multiples of 8")
        .isInstanceOfSatisfying(
            ServiceException.class, e -> assertThat(e.field()).contains("pictures"));
    assertThat(service.ledger().rejected()).isEqualTo(1);
  }

  @Test
  void anEncodingIsCancelled() throws Exception {
    controls.hold();
    WaitingListener<EncodeResult> listener = new WaitingListener<>();
    JobHandle ticket = service.encode(call(), pixels(8, 8), listener);
    Await.until("the worker", () -> controls.inside.get() == 1);
    ticket.cancel();
    assertThat(listener.failure().error()).isEqualTo(ServiceError.CANCELLED);
  }

  @Test
  void latentsWithNaNNeverLeave() throws Exception {
    controls.givesNan = true;
    WaitingListener<EncodeResult> listener = new WaitingListener<>();
    JobHandle unused = service.encode(call(), pixels(8, 8), listener);
    assertThat(listener.failure().error()).isEqualTo(ServiceError.INTERNAL);
    controls.givesNan = false;
    Fixtures.awaitServing(service);
  }
}
