package io.github.consistencydecoder.models.store;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * An HTTP server on the loopback interface that answers each path first by its script, one handler
 * a request, and by the last handler from then on.
 */
final class ScriptedServer implements AutoCloseable {
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Map<String, ConcurrentLinkedQueue<HttpHandler>> scripts = new ConcurrentHashMap<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();

  ScriptedServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  /** What a client asked; headers that it did not send are empty. */
  record Request(String uri, String range, String ifRange, String proxyAuthorization) {}

  String base() {
    InetSocketAddress address = server.getAddress();
    return "http://" + address.getAddress().getHostAddress() + ":" + address.getPort();
  }

  URI base(String path) {
    return URI.create(base() + path);
  }

  List<Request> requests() {
    return List.copyOf(requests);
  }

  ScriptedServer on(String path, HttpHandler... script) {
    scripts.put(path, new ConcurrentLinkedQueue<>(Arrays.asList(script)));
    return this;
  }

  private void handle(HttpExchange exchange) throws IOException {
    requests.add(
        new Request(
            exchange.getRequestURI().toString(),
            header(exchange, "Range"),
            header(exchange, "If-Range"),
            header(exchange, "Proxy-Authorization")));
    var script = scripts.get(exchange.getRequestURI().getPath());
    if (script == null) {
      status(404).handle(exchange);
      return;
    }
    synchronized (script) {
      HttpHandler next = script.size() > 1 ? script.poll() : script.peek();
      threads.execute(() -> run(next, exchange));
    }
  }

  private static void run(HttpHandler handler, HttpExchange exchange) {
    try (exchange) {
      handler.handle(exchange);
    } catch (IOException e) {
      // The client has gone, which several tests are about.
      exchange.close();
    }
  }

  private static String header(HttpExchange exchange, String name) {
    String value = exchange.getRequestHeaders().getFirst(name);
    return value == null ? "" : value;
  }

  /** Serves ranges as a good server does; the tag may be empty. */
  static HttpHandler file(byte[] content, String etag) {
    return exchange -> {
      String range = header(exchange, "Range");
      String condition = header(exchange, "If-Range");
      if (!etag.isEmpty()) {
        exchange.getResponseHeaders().set("ETag", etag);
      }
      boolean same = condition.isEmpty() || condition.equals(etag);
      if (range.isEmpty() || !same) {
        exchange.sendResponseHeaders(200, content.length);
        exchange.getResponseBody().write(content);
        return;
      }
      int start = Integer.parseInt(range.replace("bytes=", "").replace("-", ""));
      if (start >= content.length) {
        exchange.sendResponseHeaders(416, -1);
        return;
      }
      exchange
          .getResponseHeaders()
          .set(
              "Content-Range",
              "bytes " + start + "-" + (content.length - 1) + "/" + content.length);
      exchange.sendResponseHeaders(206, content.length - start);
      exchange.getResponseBody().write(content, start, content.length - start);
    };
  }

  /** Always sends everything. */
  static HttpHandler wholeFile(byte[] content) {
    return exchange -> {
      exchange.sendResponseHeaders(200, content.length);
      exchange.getResponseBody().write(content);
    };
  }

  /** Announces everything, sends some of it and hangs up. */
  static HttpHandler cutAfter(int bytes, byte[] content, String etag) {
    return cutWhen(() -> true, bytes, content, etag);
  }

  /** As {@link #cutAfter}, but hangs up only when the client has got that far. */
  static HttpHandler cutWhen(BooleanSupplier reached, int bytes, byte[] content, String etag) {
    return exchange -> {
      if (!etag.isEmpty()) {
        exchange.getResponseHeaders().set("ETag", etag);
      }
      exchange.sendResponseHeaders(200, content.length);
      exchange.getResponseBody().write(content, 0, bytes);
      exchange.getResponseBody().flush();
      while (!reached.getAsBoolean()) {
        LockSupport.parkNanos(1_000_000);
      }
    };
  }

  /** Does not announce a length. */
  static HttpHandler chunked(byte[] content) {
    return exchange -> {
      exchange.sendResponseHeaders(200, 0);
      exchange.getResponseBody().write(content);
    };
  }

  static HttpHandler status(int status, String... headers) {
    return exchange -> {
      for (int i = 0; i < headers.length; i += 2) {
        exchange.getResponseHeaders().set(headers[i], headers[i + 1]);
      }
      exchange.sendResponseHeaders(status, -1);
    };
  }

  static HttpHandler withHeaders(HttpHandler handler, String... headers) {
    return exchange -> {
      for (int i = 0; i < headers.length; i += 2) {
        exchange.getResponseHeaders().set(headers[i], headers[i + 1]);
      }
      handler.handle(exchange);
    };
  }

  /** Sends the first bytes and then nothing until the server is closed. */
  HttpHandler silentAfter(int bytes, byte[] content) {
    return exchange -> {
      exchange.sendResponseHeaders(200, content.length);
      exchange.getResponseBody().write(content, 0, bytes);
      exchange.getResponseBody().flush();
      awaitClose();
    };
  }

  /** Accepts the request and never answers. */
  HttpHandler mute() {
    return exchange -> awaitClose();
  }

  /** Sends a byte every five milliseconds. */
  static HttpHandler trickle(byte[] content) {
    return exchange -> {
      exchange.sendResponseHeaders(200, content.length);
      for (byte one : content) {
        exchange.getResponseBody().write(one);
        exchange.getResponseBody().flush();
        LockSupport.parkNanos(5_000_000);
      }
    };
  }

  static HttpHandler page(String html) {
    return withHeaders(
        wholeFile(html.getBytes(StandardCharsets.UTF_8)),
        "Content-Type",
        "text/html; charset=utf-8");
  }

  private void awaitClose() throws IOException {
    try {
      closed.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
