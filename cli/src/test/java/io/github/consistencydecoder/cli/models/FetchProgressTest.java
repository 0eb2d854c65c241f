package io.github.consistencydecoder.cli.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.cli.shell.Console;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class FetchProgressTest {
  private final StringWriter err = new StringWriter();

  private FetchProgress progress(boolean quiet) {
    return new FetchProgress(
        new Console(
            new PrintWriter(new StringWriter()), new PrintWriter(err), false, quiet, false));
  }

  @Test
  void downloadIsToldWithHostSizeAndRetries() {
    try (FetchProgress progress = progress(false)) {
      progress.waiting("m");
      progress.started(
          "w.bin", URI.create("https://host.example/w.bin"), 1_500_000, 2_490_000_000L);
      progress.progress("w.bin", 2_000_000, 2_490_000_000L, 1e6);
      progress.retrying("w.bin", "host.example closed the connection", Duration.ofMillis(500));
      progress.started("c.json", URI.create("https://host.example/c.json"), 0, -1);
    }

    assertThat(err.toString().lines())
        .containsExactly(
            "note: another process is changing m; waiting for it",
            "note: w.bin: from host.example, 2.49 GB, 1.50 MB are here already",
            "note: w.bin: host.example closed the connection; trying again in 0.5 s",
            "note: c.json: from host.example");
  }

  @Test
  void quietDownloadSaysNothing() {
    try (FetchProgress progress = progress(true)) {
      progress.started("w.bin", URI.create("https://host.example/w.bin"), 0, 10);
    }

    assertThat(err.toString()).isEmpty();
  }
}
