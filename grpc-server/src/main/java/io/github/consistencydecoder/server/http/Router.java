package io.github.consistencydecoder.server.http;

import io.github.consistencydecoder.plugin.DecodeOption;
import io.github.consistencydecoder.server.http.DecodeAsked.BodyForm;
import io.github.consistencydecoder.server.http.HttpEndpoint.MetricsPage;
import io.github.consistencydecoder.server.models.ModelStatus;
import io.github.consistencydecoder.server.queue.DecodeService;
import io.github.consistencydecoder.server.queue.Readiness;
import io.github.consistencydecoder.server.request.ByteBudget;
import io.github.consistencydecoder.server.request.ServiceException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Finds who answers a request, and refuses those who may not ask. */
final class Router extends Handler.Abstract {
  private static final Set<String> GETS =
      Set.of("/", "/health", "/healthz", "/readyz", "/metrics", "/models");
  private static final Set<String> POSTS = Set.of("/", "/predict", "/encode");
  private static final Set<String> OPEN = Set.of("/", "/health", "/healthz", "/readyz");

  /** Keys of a query that only a decode has, options aside. */
  private static final Set<String> DECODE_KEYS =
      Set.of(
          "output_type",
          "output_tensor_type",
          "partial_postprocess",
          "image_format",
          "input_tensor_type",
          "do_scaling",
          "latents",
          "timeout");

  private static final Pattern SLASHES = Pattern.compile("/{2,}");
  private static final Duration SOON = Duration.ofSeconds(5);
  private static final Refusal CROWDED =
      new Refusal(
          429,
          "all connections that the server takes are in use, try again later",
          Optional.of(SOON),
          Map.of("Connection", "close"));
  private static final String TEXT_TYPE = "text/plain; charset=utf-8";

  private final HttpContext endpoint;
  private final HttpEndpoint.Builder settings;
  private final OriginRule origins;
  private final Page page = Page.load();
  private final Map<EndPoint, Integer> inside = new HashMap<>();
  private volatile boolean withdrawn;

  Router(HttpContext endpoint, HttpEndpoint.Builder settings) {
    this.endpoint = endpoint;
    this.settings = settings;
    this.origins = new OriginRule(settings.allowedHosts);
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    EndPoint connection = network(request.getConnectionMetaData().getConnection().getEndPoint());
    boolean crowded = enter(connection);
    Request.addCompletionListener(request, failure -> leave(connection));
    Exchange exchange = new Exchange(request, response, callback);
    try {
      String method = request.getMethod();
      String path = path(request);
      boolean get = method.equals("GET") || method.equals("HEAD");
      Optional<String> foreign = origins.refusal(request);
      if (foreign.isPresent()) {
        exchange.refuse(Refusal.of(403, foreign.get()));
      } else if (crowded && !(get && OPEN.contains(path))) {
        exchange.refuse(CROWDED);
      } else if (!GETS.contains(path) && !POSTS.contains(path)) {
        exchange.refuse(
            Refusal.of(404, "there is nothing here; decode is POST /, encode POST /encode"));
      } else if (!(get ? GETS : method.equals("POST") ? POSTS : Set.of()).contains(path)) {
        String allowed =
            (GETS.contains(path) ? "GET, HEAD" : "")
                + (GETS.contains(path) && POSTS.contains(path) ? ", " : "")
                + (POSTS.contains(path) ? "POST" : "");
        exchange.refuse(
            new Refusal(
                405, "possible here: " + allowed, Optional.empty(), Map.of("Allow", allowed)));
      } else {
        checkToken(request, get, path);
        if (get) {
          get(exchange, path);
        } else {
          post(exchange, path);
        }
      }
    } catch (ServiceException e) {
      exchange.refuse(Refusal.of(e));
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

  /** Connections with a request that has no answer so far. */
  synchronized int inside() {
    return inside.size();
  }

  synchronized boolean isBusy(EndPoint connection) {
    return inside.containsKey(connection);
  }

  /** Whether as many others as there may be are busy. */
  private synchronized boolean enter(EndPoint connection) {
    return inside.merge(connection, 1, Integer::sum) == 1 && inside.size() > settings.connections;
  }

  private synchronized void leave(EndPoint connection) {
    inside.computeIfPresent(connection, (key, count) -> count == 1 ? null : count - 1);
  }

  /** The one below TLS, if there is TLS. */
  static EndPoint network(EndPoint used) {
    return used instanceof EndPoint.Wrapper wrapper ? wrapper.unwrap() : used;
  }

  /** Clients append an address to one that ends with a slash, so that there are two. */
  private static String path(Request request) {
    String path = SLASHES.matcher(Request.getPathInContext(request)).replaceAll("/");
    return path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
  }

  private void checkToken(Request request, boolean get, String path) throws ServiceException {
    boolean open =
        get && (OPEN.contains(path) || (path.equals("/metrics") && settings.metricsOpen));
    if (settings.token.isPresent() && !open) {
      settings.token.get().check(request.getHeaders().get(HttpHeader.AUTHORIZATION));
    }
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
      case "/healthz" -> alive(exchange);
      case "/metrics" -> {
        MetricsPage shown =
            settings.metrics.apply(exchange.request().getHeaders().get(HttpHeader.ACCEPT));
        exchange.answer(new Exchange.Answer(shown.type(), Map.of(), shown.body()), () -> {});
      }
      default -> exchange.text("application/json", Exchange.JSON.writeValueAsString(models()));
    }
  }

  /** Whether the process is worth keeping. */
  private void alive(Exchange exchange) {
    if (endpoint.service().readiness() == Readiness.LOST) {
      ready(exchange);
    } else {
      exchange.text(TEXT_TYPE, "Ok");
    }
  }

  private void ready(Exchange exchange) {
    Readiness readiness = withdrawn ? Readiness.DRAINING : endpoint.service().readiness();
    if (readiness == Readiness.SERVING) {
      exchange.text(TEXT_TYPE, "Ok");
      return;
    }
    String sentence =
        switch (readiness) {
          case STARTING -> "models are being opened and tried";
          case BROKEN -> "a model does not decode as it should and is being opened again";
          case LOST -> "the device is lost, the server has to be started again";
          default -> "the server is shutting down";
        };
    exchange.refuse(new Refusal(503, sentence, Optional.of(SOON), Map.of()));
  }

  private void post(Exchange exchange, String path) throws ServiceException {
    Optional<Refusal> coded = coded(exchange.request().getHeaders());
    if (coded.isPresent()) {
      exchange.refuse(coded.get());
      return;
    }
    RemoteQuery query = RemoteQuery.of(exchange.request().getHttpURI());
    String type = exchange.request().getHeaders().get(HttpHeader.CONTENT_TYPE);
    if (path.equals("/encode")) {
      EncodeExchange.begin(endpoint, exchange, query, false);
    } else if (path.equals("/") && isEncode(query, type)) {
      EncodeExchange.begin(endpoint, exchange, query, true);
    } else {
      DecodeExchange.begin(endpoint, exchange, query);
    }
  }

  /** Why a body cannot be read as it is coded; told before anything that its length would say. */
  private static Optional<Refusal> coded(HttpFields headers) {
    String transfer = String.join(", ", headers.getValuesList(HttpHeader.TRANSFER_ENCODING));
    if (!transfer.isEmpty() && !transfer.equalsIgnoreCase("chunked")) {
      return Optional.of(
          Refusal.of(
              501,
              "the body's Transfer-Encoding is '"
                  + RemoteQuery.echo(transfer)
                  + "'; chunked alone is taken, send the body uncompressed"));
    }
    String content = String.join(", ", headers.getValuesList(HttpHeader.CONTENT_ENCODING));
    if (!content.isEmpty() && !content.equalsIgnoreCase("identity")) {
      return Optional.of(
          Refusal.of(
              415,
              "the body's Content-Encoding is '"
                  + RemoteQuery.echo(content)
                  + "'; compressed bodies are not taken, send it as it is"));
    }
    return Optional.empty();
  }

  /**
   * At the common address a picture is encoded: one that is called so, a tensor of three channels,
   * or a body of which nothing is said.
   */
  private static boolean isEncode(RemoteQuery query, String type) throws ServiceException {
    if (DECODE_KEYS.stream().anyMatch(query::has)
        || Arrays.stream(DecodeOption.values()).anyMatch(option -> query.has(option.id()))) {
      return false;
    }
    if (type != null) {
      return BodyForm.of(type) == BodyForm.PICTURE;
    }
    List<Long> shape = query.dimensions("shape");
    return shape.isEmpty() || (shape.size() >= 3 && shape.get(shape.size() - 3) == 3);
  }

  /** The models and limits of the service, for the page and for whoever asks. */
  private Map<String, Object> models() {
    List<Map<String, Object>> models = new ArrayList<>();
    for (ModelStatus status : endpoint.service().models()) {
      Map<String, Object> model = new LinkedHashMap<>();
      model.put("name", status.name());
      model.put("ready", status.ready());
      model.put("reason", status.reason());
      model.put("encodes", status.encodes());
      status
          .info()
          .ifPresent(
              info -> {
                model.put("decoder", info.provider());
                model.put("digest", info.digest());
                model.put("device", info.device());
              });
      models.add(model);
    }
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("readiness", endpoint.service().readiness().name().toLowerCase(Locale.ROOT));
    document.put("models", models);
    document.put("max_pixels", endpoint.service().limits().maxPixels());
    document.put("max_batch", endpoint.service().limits().maxBatch());
    return document;
  }

  /**
   * What the exchanges of one endpoint share.
   *
   * @param service borrowed
   * @param bytes of bodies and answers
   * @param bodyTime how long a body may take beside 64 KiB a second
   * @param answers where answers are made: compressing a picture takes a processor for a while
   */
  record HttpContext(
      DecodeService service, ByteBudget bytes, Duration bodyTime, Executor answers) {}
}
