package io.github.consistencydecoder.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.server.Sidecar;
import io.github.consistencydecoder.server.SidecarConfig;
import io.github.consistencydecoder.server.access.AccessException;
import io.github.consistencydecoder.server.models.ModelSource;
import io.github.consistencydecoder.server.queue.Readiness;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.FakeDecoder;
import io.github.consistencydecoder.testing.Load;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Several backends in this process: what happens to one of them does not reach the caller. */
@Timeout(600)
class BackendsTest {
  private static final Duration STEP = Duration.ofMillis(4);

  @TempDir private Path folder;

  private static FakeDecoder.Controls controls() {
    FakeDecoder.Controls controls = new FakeDecoder.Controls();
    controls.stepTime = STEP;
    return controls;
  }

  private static TestService service(int port, FakeDecoder.Controls controls) {
    return TestService.open(
        port, "consistency_decoder", ModelSource.of(controls::openDecoder), endpoint -> endpoint);
  }

  private static LatentDecoder reference() {
    return new FakeDecoder.Controls().openDecoder();
  }

  private static LatentDecoder open(List<String> targets) {
    return new RemoteDecoderProvider().open(TestService.at(String.join(",", targets)));
  }

  @Test
  void callsAreSpreadOverAll() {
    List<FakeDecoder.Controls> controls = List.of(controls(), controls(), controls());
    List<TestService> services = controls.stream().map(c -> service(0, c)).toList();
    List<Integer> before = controls.stream().map(c -> c.begun.get()).toList();
    try (LatentDecoder decoder = open(services.stream().map(TestService::target).toList());
        Load load = Load.on(decoder, reference(), 3)) {
      for (int k = 0; k < 3; k++) {
        int backend = k;
        Await.until(
            "backend " + k + " to be called",
            () -> controls.get(backend).begun.get() > before.get(backend) + 3);
      }
      load.end();
      assertThat(load.failures).isEmpty();
    } finally {
      services.forEach(TestService::close);
    }
  }

  @Test
  void oneOfThreeThatGoesInTheMiddleOfItsCallsIsNotNoticed() {
    List<FakeDecoder.Controls> controls = List.of(controls(), controls(), controls());
    List<TestService> services = controls.stream().map(c -> service(0, c)).toList();
    try (LatentDecoder decoder = open(services.stream().map(TestService::target).toList());
        Load load = Load.on(decoder, reference(), 6)) {
      load.awaitMore(30);
      // It has calls that have begun, and does not end them.
      controls.get(1).hold();
      Await.until("a call to be inside", () -> controls.get(1).inside.get() > 0);
      services.get(1).endpoint.close();
      controls.get(1).release();
      load.awaitMore(60);
      load.end();
      assertThat(load.failures).isEmpty();
    } finally {
      controls.forEach(FakeDecoder.Controls::release);
      services.forEach(TestService::close);
    }
  }

  @Test
  void oneThatIsNotReadyIsNotCalled() {
    FakeDecoder.Controls ready = controls();
    FakeDecoder.Controls leaving = controls();
    try (TestService first = service(0, ready);
        TestService second = service(0, leaving);
        LatentDecoder decoder = open(List.of(first.target(), second.target()));
        Load load = Load.on(decoder, reference(), 2)) {
      Await.until("both to be called", () -> leaving.begun.get() > 5);
      second.endpoint.withdraw();
      // How soon the client hears of it depends on what else the machine does.
      Await.until(
          "the other to be called alone",
          () -> {
            int until = leaving.begun.get();
            load.awaitMore(40);
            return leaving.begun.get() == until;
          });
      int until = leaving.begun.get();
      load.awaitMore(40);
      load.end();
      assertThat(leaving.begun).hasValue(until);
      assertThat(load.failures).isEmpty();
    }
  }

  @Test
  void twoThatDrainInTurnLoseNoCall() throws Exception {
    drainInTurn(2);
  }

  @Test
  @Tag("load")
  void twoThatDrainInTurnFiftyTimesLoseNoCall() throws Exception {
    drainInTurn(50);
  }

  private void drainInTurn(int rounds) throws Exception {
    List<Sidecar> sidecars = new ArrayList<>(List.of(sidecar(0, 0), sidecar(0, 1)));
    List<Integer> ports =
        sidecars.stream().map(s -> s.grpcPort().orElseThrow()).collect(Collectors.toList());
    try (LatentDecoder decoder = open(ports.stream().map(p -> "127.0.0.1:" + p).toList());
        Load load = Load.on(decoder, reference(), 4)) {
      awaitCalls(sidecars.get(0));
      awaitCalls(sidecars.get(1));
      for (int round = 0; round < rounds; round++) {
        int which = round % 2;
        sidecars.get(which).drain();
        sidecars.get(which).close();
        load.awaitMore(5);
        sidecars.set(which, sidecar(ports.get(which), which));
        awaitCalls(sidecars.get(which));
        assertThat(load.failures).as("round %d", round).isEmpty();
      }
      load.end();
      assertThat(load.failures).isEmpty();
    } finally {
      sidecars.forEach(Sidecar::close);
    }
  }

  private Sidecar sidecar(int port, int which) throws AccessException, IOException {
    Sidecar sidecar =
        Sidecar.start(
            new SidecarConfig()
                .model("consistency_decoder", ModelSource.of(controls()::openDecoder))
                .limits(TestService.LIMITS)
                .grpc(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .drainDelay(Duration.ofMillis(400))
                .grace(Duration.ofSeconds(20))
                .stateFolder(folder.resolve("state" + which)));
    Await.until("the sidecar to serve", () -> sidecar.service().readiness() == Readiness.SERVING);
    return sidecar;
  }

  private static void awaitCalls(Sidecar sidecar) {
    Await.until("calls to come", () -> sidecar.service().ledger().completed() > 3);
  }
}
