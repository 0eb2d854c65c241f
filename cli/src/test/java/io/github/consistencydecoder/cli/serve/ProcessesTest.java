package io.github.consistencydecoder.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.testing.Load;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Servers as processes that are told to end, or ended, while they are used. */
@Tag("load")
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there are no signals there")
class ProcessesTest {
  /** {@code -Dtest.jvm.args=-Dprocesses.rounds=6} makes it short. */
  private static final int ROUNDS = Integer.getInteger("processes.rounds", 50);

  @TempDir private Path folder;
  private final List<ServerProcess> servers = new ArrayList<>();

  @AfterEach
  void stop() throws InterruptedException {
    for (ServerProcess server : servers) {
      server.kill();
    }
  }

  private ServerProcess start(int port, int which) throws Exception {
    return ServerProcess.start(port, folder.resolve("server" + which));
  }

  private List<Integer> start(int count) throws Exception {
    for (int k = 0; k < count; k++) {
      servers.add(start(0, k));
    }
    servers.forEach(ServerProcess::awaitReady);
    return servers.stream().map(ServerProcess::port).collect(Collectors.toList());
  }

  private static LatentDecoder open(List<Integer> ports) {
    return Decoders.open(
        "remote",
        DecoderConfig.empty()
            .with(
                "target",
                ports.stream().map(port -> "127.0.0.1:" + port).collect(Collectors.joining(","))));
  }

  private static LatentDecoder reference() {
    return Decoders.open(
        "consistency",
        DecoderConfig.empty().with(DecoderConfig.DEVICE, "cpu").with(DecoderConfig.THREADS, "1"));
  }

  @Test
  void oneOfTwoThatGetsSigtermLosesNoCallTimeAfterTime() throws Exception {
    List<Integer> ports = start(2);
    try (LatentDecoder decoder = open(ports);
        Load load = Load.on(decoder, reference(), 4)) {
      for (int round = 0; round < ROUNDS; round++) {
        int which = round % 2;
        load.awaitMore(20);
        assertThat(servers.get(which).terminate()).as("exit code, round %d", round).isZero();
        load.awaitMore(10);
        servers.set(which, start(ports.get(which), which).awaitReady());
        assertThat(load.failures).as("round %d", round).isEmpty();
        awaitConnection();
      }
      load.end();
      assertThat(load.failures).isEmpty();
      report("SIGTERM", ROUNDS, load);
    }
  }

  @Test
  void oneOfThreeThatGetsSigkillIsNotNoticed() throws Exception {
    int rounds = Math.max(1, ROUNDS / 5);
    List<Integer> ports = start(3);
    try (LatentDecoder decoder = open(ports);
        Load load = Load.on(decoder, reference(), 4)) {
      for (int round = 0; round < rounds; round++) {
        int which = round % 3;
        load.awaitMore(20);
        servers.get(which).kill();
        load.awaitMore(20);
        servers.set(which, start(ports.get(which), which).awaitReady());
        assertThat(load.failures).as("round %d", round).isEmpty();
        awaitConnection();
      }
      load.end();
      assertThat(load.failures).isEmpty();
      report("SIGKILL", rounds, load);
    }
  }

  /** gRPC looks for a server that is gone at most every two minutes, at first every second. */
  private static void awaitConnection() throws InterruptedException {
    Thread.sleep(Duration.ofMillis(2500).toMillis());
  }

  private static void report(String signal, int rounds, Load load) {
    System.out.printf(
        "%s: %d times, %d calls, %d failed, longest call %d ms%n",
        signal,
        rounds,
        load.calls.get(),
        load.failures.size(),
        Duration.ofNanos(load.longestNanos.get()).toMillis());
  }
}
