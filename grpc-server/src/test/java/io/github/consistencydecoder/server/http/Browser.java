package io.github.consistencydecoder.server.http;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A headless Chromium, where there is one. */
final class Browser {
  private Browser() {}

  /**
   * What a page is when it has been loaded, as HTML; skips the test without a Chromium.
   *
   * @param hosts rules for names, as Chromium reads them
   */
  static String text(Path folder, String url, String hosts)
      throws IOException, InterruptedException {
    Optional<Path> executable =
        Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
            .flatMap(f -> List.of("chromium", "chromium-browser").stream().map(n -> Path.of(f, n)))
            .filter(Files::isExecutable)
            .findFirst();
    assumeTrue(executable.isPresent(), "there is no Chromium here");
    Path out = folder.resolve("page.html");
    Process process =
        new ProcessBuilder(
                executable.get().toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--no-proxy-server",
                "--disable-background-networking",
                "--disable-component-update",
                "--user-data-dir=" + folder.resolve("profile"),
                "--host-resolver-rules=" + hosts,
                "--dump-dom",
                url)
            .redirectOutput(out.toFile())
            .redirectError(folder.resolve("log.txt").toFile())
            .start();
    try {
      assumeTrue(process.waitFor(50, TimeUnit.SECONDS), "Chromium does not end here");
      return Files.readString(out, StandardCharsets.UTF_8);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }
}
