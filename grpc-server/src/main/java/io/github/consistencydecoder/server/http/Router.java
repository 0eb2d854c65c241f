package io.github.consistencydecoder.server.http;

import io.github.consistencydecoder.server.access.TokenFile;
import io.github.consistencydecoder.server.core.Readiness;
import io.github.consistencydecoder.server.core.ServiceError;
import io.github.consistencydecoder.server.core.ServiceException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Who answers what, and who may ask. */
final class Router extends Handler.Abstract {
  private static final Set<String> GETS =
      Set.of("/", "/health", "/healthz", "/readyz", "/metrics", "/models");
  private static final Set<String> POSTS = Set.of("/", "/predict", "/encode");
  private static final Set<String> OPEN = Set.of("/", "/health", "/healthz", "/readyz");
  private static final Duration SOON = Duration.ofSeconds(5);
  private static final String METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private final Door door;
  private final Optional<TokenFile> token;
  private final Supplier<String> metrics;
  private final Page page = Page.load();
  private final AtomicInteger inside = new AtomicInteger();
  private volatile boolean withdrawn;

  /**
   * @param token that callers need, if they need one
   * @param metrics all of them, as Prometheus reads them
   */
  Router(Door door, Optional<TokenFile> token, Supplier<String> metrics) {
    this.door = door;
    this.token = token;
    this.metrics = metrics;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    inside.incrementAndGet();
    Request.addCompletionListener(request, failure -> inside.decrementAndGet());
    Exchange exchange = new Exchange(request, response, callback);
    try {
      String method = request.getMethod();
      String path = path(request);
      boolean get = method.equals("GET") || method.equals("HEAD");
      if (!GETS.contains(path) && !POSTS.contains(path)) {
        exchange.refuse(
            Refusal.of(404, "there is nothing here; decode is POST /, encode POST /encode"));
      } else if (!(get ? GETS : method.equals("POST") ? POSTS : Set.of()).contains(path)) {
        String allowed =
            (GETS.contains(path) ? "GET, HEAD" : "")
                + (GETS.contains(path) && POSTS.contains(path) ? ", " : "")
                + (POSTS.contains(path) ? "POST" : "");
        exchange.refuse(
            Refusal.of(405, "possible here: " + allowed), Map.of("Allow", allowed), () -> {});
      } else if (!get && fromElsewhere(request)) {
        exchange.refuse(
            Refusal.of(403, "this comes from a web page of another origin, which may not call"));
      } else {
        checkToken(request, get, path);
        if (get) {
          get(exchange, path);
        } else {
          post(exchange, path);
        }
      }
    } catch (ServiceException e) {
      Map<String, String> headers =
          e.error() == ServiceError.UNAUTHENTICATED
              ? Map.of(HttpHeader.WWW_AUTHENTICATE.asString(), "Bearer")
              : Map.of();
      exchange.refuse(Refusal.of(e), headers, () -> {});
    } catch (RuntimeException | Error e) {
      if (e instanceof HttpException http && http.getCode() < 500) {
        // Headers are read when they are asked for.
        exchange.refuse(Refusal.of(400, "a header of the request cannot be read"));
      } else {
        exchange.fail(e);
      }
    }
    return true;
  }

  void withdraw() {
    withdrawn = true;
  }

  /** Requests without their answer so far. */
  int inside() {
    return inside.get();
  }

  private static String path(Request request) {
    String path = Request.getPathInContext(request);
    return path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
  }

  private void checkToken(Request request, boolean get, String path) throws ServiceException {
    boolean open =
        get && (OPEN.contains(path) || (path.equals("/metrics") && door.settings().metricsOpen()));
    if (token.isPresent() && !open) {
      token.get().check(request.getHeaders().get(HttpHeader.AUTHORIZATION));
    }
  }

  /**
   * A page of another site, in the browser of somebody who can reach this server, can send a
   * request that its own origin policy does not hold back; it could not read the answer, but the
   * work would be done.
   */
  private static boolean fromElsewhere(Request request) {
    String site = request.getHeaders().get("Sec-Fetch-Site");
    if (site != null) {
      return !site.equals("same-origin") && !site.equals("none");
    }
    String origin = request.getHeaders().get("Origin");
    if (origin == null) {
      return false;
    }
    String host = request.getHeaders().get(HttpHeader.HOST);
    return host == null || (!origin.equals("http://" + host) && !origin.equals("https://" + host));
  }

  private void get(Exchange exchange, String path) {
    switch (path) {
      case "/" -> {
        if (Page.wanted(exchange.request())) {
          page.answer(exchange);
        } else {
          ready(exchange);
        }
      }
      case "/health", "/readyz" -> ready(exchange);
      case "/healthz" -> exchange.text(200, "text/plain; charset=utf-8", "Ok");
      case "/metrics" -> exchange.text(200, METRICS_TYPE, metrics.get());
      default -> exchange.json(200, Models.document(door.service()));
    }
  }

  private void ready(Exchange exchange) {
    Readiness readiness = withdrawn ? Readiness.DRAINING : door.service().readiness();
    if (readiness == Readiness.SERVING) {
      exchange.text(200, "text/plain; charset=utf-8", "Ok");
      return;
    }
    String sentence =
        switch (readiness) {
          case STARTING -> "models are being opened and tried";
          case BROKEN -> "a model does not decode as it should and is being opened again";
          default -> "the server is shutting down";
        };
    exchange.refuse(new Refusal(503, sentence, Optional.of(SOON)));
  }

  private void post(Exchange exchange, String path) throws ServiceException {
    RemoteQuery query = RemoteQuery.of(exchange.request().getHttpURI());
    String type = exchange.request().getHeaders().get(HttpHeader.CONTENT_TYPE);
    boolean encode = path.equals("/encode") || isEncode(query, type);
    if (encode) {
      EncodeExchange.begin(door, exchange, query);
    } else {
      DecodeExchange.begin(door, exchange, query);
    }
  }

  /** At the address of decode, a request without its keys and headers is an encoding. */
  private static boolean isEncode(RemoteQuery query, String type) throws ServiceException {
    if (query.has("output_type")) {
      return false;
    }
    return type == null ? !query.has("latents") : BodyForm.of(type) == BodyForm.PICTURE;
  }
}
