package io.github.consistencydecoder.models.store.download;

import io.github.consistencydecoder.models.store.catalogue.Checksum;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/**
 * GET with redirects, which are followed here and not by the client so that each is checked ({@link
 * Redirects}). Safe for use by several threads.
 */
final class HttpFetcher {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(20);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(60);

  private final HttpClient client;
  private final Duration answerTimeout;

  HttpFetcher(ProxyRules proxies, PullOptions options) {
    this.answerTimeout = options.stallTimeout();
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            // One long body a connection: HTTP/2 windows would only slow it down.
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(CONNECT_TIMEOUT)
            .proxy(proxies.selector());
    proxies.authenticator().ifPresent(builder::authenticator);
    this.client = builder.build();
  }

  /**
   * An answer with a body, which the caller closes.
   *
   * @param address that answered, after redirects
   * @param announced what the first server said about the file when it redirected
   */
  record Answer(URI address, int status, HttpHeaders headers, BodyQueue body, Announced announced)
      implements AutoCloseable {
    @Override
    public void close() {
      body.close();
    }

    /** The header of that name, if the server sent it. */
    Optional<String> header(String name) {
      return headers.firstValue(name);
    }
  }

  /** What the model hub says about a file before it redirects to where the file is. */
  record Announced(Optional<String> sha256, OptionalLong bytes) {
    static final Announced NOTHING = new Announced(Optional.empty(), OptionalLong.empty());

    static Announced of(HttpHeaders headers) {
      Optional<String> sha256 =
          headers
              .firstValue("X-Linked-Etag")
              .map(etag -> etag.replace("W/", "").replace("\"", "").toLowerCase(Locale.ROOT))
              .filter(Checksum::isSha256);
      return new Announced(sha256, count(headers.firstValue("X-Linked-Size")));
    }
  }

  /**
   * Sends the request and follows redirects.
   *
   * @return an answer of status 200, 206 or 416
   * @throws FetchException for every other status and for failures on the way
   * @throws InterruptedIOException if the thread is interrupted
   */
  Answer get(URI address, Map<String, String> headers) throws IOException {
    URI at = address;
    Announced announced = Announced.NOTHING;
    for (int hop = 0; hop <= Redirects.MOST; hop++) {
      HttpResponse<BodyQueue> response = send(at, headers);
      int status = response.statusCode();
      if (announced.equals(Announced.NOTHING)) {
        announced = Announced.of(response.headers());
      }
      if (status == 200 || status == 206 || status == 416) {
        return new Answer(at, status, response.headers(), response.body(), announced);
      }
      response.body().close();
      if (!Redirects.isRedirect(status)) {
        throw failure(at, response);
      }
      Optional<String> location = response.headers().firstValue("Location");
      if (location.isEmpty()) {
        throw FetchException.refused(at, "answers " + status + " without saying where", null);
      }
      at = Redirects.next(at, location.get());
    }
    throw FetchException.refused(address, "redirects more than " + Redirects.MOST + " times", null);
  }

  private HttpResponse<BodyQueue> send(URI address, Map<String, String> headers)
      throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(address)
            .header("User-Agent", "consistency-decoder")
            .header("Accept-Encoding", "identity");
    headers.forEach(request::header);
    // Not the request's own time-out: in later Java releases that one includes the body.
    CompletableFuture<HttpResponse<BodyQueue>> future =
        client.sendAsync(request.build(), info -> new BodyQueue());
    try {
      return future.get(answerTimeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      future.cancel(true);
      throw FetchException.passing(
          address, "does not answer within " + answerTimeout.toMillis() + " ms", e);
    } catch (InterruptedException e) {
      future.cancel(true);
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while asking " + address.getHost());
    } catch (ExecutionException e) {
      throw ConnectionProblem.of(address, e.getCause());
    }
  }

  private static FetchException failure(URI address, HttpResponse<?> response) {
    int status = response.statusCode();
    if (status == 408 || status == 425 || status == 429 || status >= 500) {
      return FetchException.busy(address, status, retryAfter(response.headers()));
    }
    String meaning =
        switch (status) {
          case 401, 403 -> " (not allowed: it may want a login or an accepted licence)";
          case 404, 410 -> " (no such file there)";
          case 407 -> " (the proxy wants other credentials)";
          default -> "";
        };
    return FetchException.refused(address, "answers " + status + meaning, null);
  }

  private static Optional<Duration> retryAfter(HttpHeaders headers) {
    OptionalLong seconds = count(headers.firstValue("Retry-After"));
    if (seconds.isEmpty()) {
      return Optional.empty();
    }
    Duration wait = Duration.ofSeconds(Math.min(seconds.getAsLong(), LONGEST_WAIT.toSeconds()));
    return Optional.of(wait);
  }

  /** A header's value as a whole number, if it is one of at most 15 digits. */
  static OptionalLong count(Optional<String> header) {
    return header
        .map(String::strip)
        .filter(text -> text.matches("[0-9]{1,15}"))
        .map(text -> OptionalLong.of(Long.parseLong(text)))
        .orElse(OptionalLong.empty());
  }

  /** Where a server may send a download on to. */
  static final class Redirects {
    /** The hub needs two; a chain longer than this is a loop or a trap. */
    static final int MOST = 8;

    private Redirects() {}

    static boolean isRedirect(int status) {
      return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    }

    /**
     * The address to follow to.
     *
     * @param from the address that was asked
     * @param location what it answered, possibly relative
     * @throws FetchException if the target is not to be followed
     */
    static URI next(URI from, String location) throws FetchException {
      URI to;
      try {
        to = from.resolve(location);
      } catch (IllegalArgumentException e) {
        throw FetchException.refused(
            from, "redirects to '" + location + "', which is no address", e);
      }
      String scheme = to.getScheme();
      boolean http = "https".equals(scheme) || "http".equals(scheme);
      if (!http || to.getHost() == null) {
        throw FetchException.refused(from, "redirects to '" + to + "', needed http or https", null);
      }
      if ("https".equals(from.getScheme()) && "http".equals(scheme)) {
        throw FetchException.refused(
            from,
            "redirects from https to http (" + to.getHost() + "), which is not followed",
            null);
      }
      return to;
    }
  }

  /** Says in words why a connection failed; what the platform says about it is often nothing. */
  static final class ConnectionProblem {
    private ConnectionProblem() {}

    /** The failure to send a request. */
    static FetchException of(URI address, Throwable problem) {
      for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
        if (cause instanceof UnknownHostException || cause instanceof UnresolvedAddressException) {
          return FetchException.unreachable(
              address, "cannot be found (no network, or no name service)", false, problem);
        }
      }
      if (problem instanceof HttpConnectTimeoutException) {
        return FetchException.unreachable(
            address, "does not accept a connection in time", true, problem);
      }
      if (problem instanceof ConnectException) {
        return FetchException.unreachable(
            address, "refuses the connection, or there is no way to it", true, problem);
      }
      if (problem instanceof SSLException) {
        return FetchException.refused(
            address, "cannot be spoken to securely: " + problem.getMessage(), problem);
      }
      return FetchException.passing(address, phrase(problem), problem);
    }

    /** The failure in the middle of a body, to follow the host's name. */
    static String phrase(Throwable problem) {
      return "breaks off: "
          + (problem.getMessage() == null ? problem.toString() : problem.getMessage());
    }
  }
}
