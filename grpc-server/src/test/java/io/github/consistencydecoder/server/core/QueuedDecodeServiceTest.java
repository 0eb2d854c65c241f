package io.github.consistencydecoder.server.core;

import static io.github.consistencydecoder.server.fixtures.Fixtures.call;
import static io.github.consistencydecoder.server.fixtures.Fixtures.latents;
import static io.github.consistencydecoder.server.fixtures.Fixtures.within;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.server.fixtures.ControllableDecoder;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.fixtures.WaitingListener;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class QueuedDecodeServiceTest {
  private final ControllableDecoder.Controls controls = new ControllableDecoder.Controls();
  private QueuedDecodeService service;

  @BeforeEach
  void open() {
    service = Fixtures.service(controls);
  }

  @AfterEach
  void close() {
    controls.release();
    service.close();
    assertThat(controls.open).as("open decoders").hasValue(0);
    assertThat(controls.closedWhileInside).hasValue(0);
  }

  @Test
  void aCallHearsEverythingInOrder() throws Exception {
    WaitingListener<DecodeResult> listener = new WaitingListener<>();
    Ticket unused = service.decode(call(), latents(1, 1, 8, 8), DecodeOptions.defaults(), listener);
    assertThat(listener.result().decoded().pixels().height()).isEqualTo(64);
    assertThat(listener.events())
        .containsExactly(
            "accepted", "started 0", "finished 0", "started 1", "finished 1", "completed");
  }

  @Test
  void aRunningCallIsStoppedByItsTicket() throws Exception {
    controls.hold();
    WaitingListener<DecodeResult> listener = new WaitingListener<>();
    Ticket ticket = service.decode(call(), latents(1, 1, 8, 8), DecodeOptions.defaults(), listener);
    Fixtures.await("the decode", () -> controls.inside.get() == 1);
    ticket.cancel();
    assertThat(listener.failure().error()).isEqualTo(ServiceError.CANCELLED);
    assertThat(service.ledger()).isEqualTo(new Ledger(1, 0, 1, 0, 0, 0));
  }

  @Test
  void aRunningCallIsStoppedAtItsDeadline() throws Exception {
    controls.hold();
    WaitingListener<DecodeResult> listener = new WaitingListener<>();
    Ticket unused =
        service.decode(
            within(Duration.ofMillis(100)),
            latents(1, 1, 8, 8),
            DecodeOptions.defaults(),
            listener);
    assertThat(listener.failure().error()).isEqualTo(ServiceError.DEADLINE);
    assertThat(service.ledger()).isEqualTo(new Ledger(1, 0, 0, 1, 0, 0));
  }
}
