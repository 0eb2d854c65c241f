package io.github.consistencydecoder.server.http;

import static io.github.consistencydecoder.server.http.OpenEndpoint.error;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Web pages of other origins, by their own name or by one that was pointed here. */
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class HttpEndpointOriginsTest {
  private static final List<String> EVERYTHING =
      List.of(
          "/", "/healthz", "/readyz", "/health", "/metrics", "/models", "/nowhere", "//predict");

  private OpenEndpoint open;

  @BeforeAll
  void start() throws Exception {
    open =
        new OpenEndpoint(
            b -> b.allowedHosts(Set.of("gpu-box", "decoder.example.org", "*.svc.local")));
  }

  @AfterAll
  void stop() {
    open.close();
  }

  private static String request(String method, String path, String... headers) {
    StringBuilder text = new StringBuilder(method + " " + path + " HTTP/1.1\r\n");
    for (String header : headers) {
      if (!header.endsWith(": -")) {
        text.append(header).append("\r\n");
      }
    }
    return text.append("Content-Length: 0\r\nConnection: close\r\n\r\n").toString();
  }

  private RawAnswer answer(String request) throws Exception {
    return RawAnswer.of(open.raw(request.getBytes(StandardCharsets.US_ASCII)));
  }

  @ParameterizedTest
  @CsvSource({
    "localhost,            -,                              -,           200",
    "LocalHost:8000,       -,                              -,           200",
    "127.0.0.1:8000,       -,                              none,        200",
    "127.8.7.6,            -,                              -,           200",
    "[::1]:8000,           http://[::1]:8000,              same-origin, 200",
    "10.244.0.17:8000,     -,                              -,           200",
    "gpu-box:8000,         http://gpu-box:8000,            same-origin, 200",
    "decoder.example.org,  https://decoder.example.org,    same-origin, 200",
    "decoder.example.org:443, https://decoder.example.org, -,           200",
    "a.b.svc.local,        -,                              -,           200",
    "evil.example:8000,    -,                              -,           403",
    "evil.example:8000,    http://evil.example:8000,       same-origin, 403",
    "evil.example.,        -,                              none,        403",
    "127.0.0.1.evil.example, -,                            -,           403",
    "localhost.evil.example, -,                            -,           403",
    "svc.local,            -,                              -,           403",
    "xn--localhost:8000,   -,                              -,           403",
    "localhost:8000,       http://evil.example,            -,           403",
    "localhost:8000,       http://localhost:3000,          same-site,   403",
    "localhost:8000,       null,                           -,           403",
    "localhost:8000,       http://evil.example,            same-origin, 403",
    "localhost:8000,       -,                              cross-site,  403",
  })
  void onlyPagesOfThisServersOwnNamesAreServed(String host, String origin, String site, int status)
      throws Exception {
    for (String method : List.of("GET", "POST", "HEAD", "OPTIONS", "PUT")) {
      for (String path : EVERYTHING) {
        RawAnswer answer =
            answer(
                request(
                    method, path, "Host: " + host, "Origin: " + origin, "Sec-Fetch-Site: " + site));
        String what = method + " " + path;
        if (status == 403) {
          assertThat(answer.status()).as(what).isEqualTo(403);
          assertThat(answer.header("access-control-allow-origin")).isEmpty();
        } else {
          assertThat(answer.status()).as(what).isNotEqualTo(403);
        }
      }
    }
  }

  @Test
  void sentencesNameWhatWasFoundAndWhatIsNeeded() throws Exception {
    assertThat(error(answer(request("GET", "/models", "Host: evil.example:8000")).body()))
        .isEqualTo(
            "the Host 'evil.example:8000' is none of this service's: localhost, an IP address, or a"
                + " name that serve was given with --host or --allow-host is needed");
    assertThat(
            error(
                answer(request("GET", "/", "Host: localhost:8000", "Origin: https://a.example"))
                    .body()))
        .isEqualTo(
            "the Origin 'https://a.example' is not that of the Host 'localhost:8000': web pages of"
                + " other origins may not call, and a proxy has to pass the Host on");
    assertThat(
            error(
                answer(request("GET", "/", "Host: localhost", "Sec-Fetch-Site: cross-site"))
                    .body()))
        .isEqualTo(
            "Sec-Fetch-Site is 'cross-site', same-origin or none is needed: web pages of other"
                + " origins may not call");
  }

  @Test
  void aLinkOnAnotherPageLeadsHereAndAFrameDoesNot() throws Exception {
    String[] visit = {"Host: localhost", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"};
    assertThat(answer(request("GET", "/", with(visit, "Sec-Fetch-Dest: document"))).status())
        .isEqualTo(200);
    assertThat(answer(request("GET", "/", with(visit, "Sec-Fetch-Dest: iframe"))).status())
        .isEqualTo(403);
    assertThat(answer(request("POST", "/", with(visit, "Sec-Fetch-Dest: document"))).status())
        .isEqualTo(403);
  }

  private static String[] with(String[] headers, String more) {
    String[] all = java.util.Arrays.copyOf(headers, headers.length + 1);
    all[headers.length] = more;
    return all;
  }

  @Test
  void probesOfOldBalancersSayNoHost() throws Exception {
    assertThat(answer("GET /healthz HTTP/1.0\r\n\r\n").status()).isEqualTo(200);
  }

  @Test
  void aStarAllowsEveryName() throws Exception {
    try (OpenEndpoint all = new OpenEndpoint(b -> b.allowedHosts(Set.of("*")))) {
      byte[] request =
          request("GET", "/models", "Host: any.example").getBytes(StandardCharsets.UTF_8);
      assertThat(RawAnswer.of(all.raw(request)).status()).isEqualTo(200);
    }
  }

  /** A page whose name is pointed here, in a real browser. */
  @Test
  void aReboundPageGetsNothing(@TempDir Path profile) throws Exception {
    String page = "http://evil.example:" + open.port();
    String bodies = Browser.text(profile, page + "/models", "MAP evil.example 127.0.0.1");
    assertThat(bodies).contains("the Host 'evil.example:").doesNotContain("max_pixels", "controll");
    assertThat(Browser.text(profile, page + "/", "MAP evil.example 127.0.0.1"))
        .contains("the Host 'evil.example:")
        .doesNotContain("<script");
    assertThat(Browser.text(profile, open.uri("/models").toString(), "MAP evil.example 127.0.0.1"))
        .as("the same by an address")
        .contains("max_pixels");
  }

  /** A headless Chromium, where there is one. */
  static final class Browser {
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
              .flatMap(
                  f -> List.of("chromium", "chromium-browser").stream().map(n -> Path.of(f, n)))
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
}
