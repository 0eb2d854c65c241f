package io.github.consistencydecoder.testing.browser;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A headless Chromium with one page, spoken to over the Chrome DevTools Protocol. Owns the process;
 * close ends it.
 */
public final class Chromium implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 60;
  private static final JsonMapper JSON = JsonMapper.shared();

  private final Process process;
  private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();
  private final List<JsonNode> events = new CopyOnWriteArrayList<>();
  private final AtomicInteger lastId = new AtomicInteger();
  private final WebSocket socket;
  private String session;

  private Chromium(Process process, WebSocket.Builder builder, URI uri) {
    this.process = process;
    this.socket = builder.buildAsync(uri, new Receiver()).join();
  }

  /** Where a Chromium is on this machine, if there is one. */
  public static Optional<Path> executable() {
    for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
      for (String name : List.of("chromium", "chromium-browser", "google-chrome")) {
        Path path = Path.of(folder, name);
        if (!folder.isEmpty() && Files.isExecutable(path)) {
          return Optional.of(path);
        }
      }
    }
    return Optional.empty();
  }

  /**
   * @param profile an empty folder
   */
  public static Chromium start(Path executable, Path profile)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                executable.toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-extensions",
                "--password-store=basic",
                "--user-data-dir=" + profile,
                "--remote-debugging-port=0",
                "about:blank")
            .redirectErrorStream(true)
            .redirectOutput(profile.resolve("output.txt").toFile())
            .start();
    try {
      Path port = profile.resolve("DevToolsActivePort");
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
      while (!Files.exists(port) || Files.readAllLines(port).size() < 2) {
        if (!process.isAlive() || System.nanoTime() > end) {
          throw new IOException(
              "Chromium did not start: " + Files.readString(profile.resolve("output.txt")));
        }
        Thread.sleep(50);
      }
      List<String> lines = Files.readAllLines(port);
      URI uri = URI.create("ws://127.0.0.1:" + lines.get(0) + lines.get(1));
      Chromium chromium =
          new Chromium(process, HttpClient.newHttpClient().newWebSocketBuilder(), uri);
      chromium.openPage();
      return chromium;
    } catch (IOException | InterruptedException | RuntimeException e) {
      process.destroyForcibly();
      throw e;
    }
  }

  private void openPage() {
    String target =
        send("Target.createTarget", Map.of("url", "about:blank")).get("targetId").asString();
    session =
        send("Target.attachToTarget", Map.of("targetId", target, "flatten", true))
            .get("sessionId")
            .asString();
    for (String domain : List.of("Page", "Runtime", "Log", "Network")) {
      send(domain + ".enable", Map.of());
    }
  }

  private final class Receiver implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
      text.append(data);
      if (last) {
        JsonNode message = JSON.readTree(text.toString());
        text.setLength(0);
        if (message.has("id")) {
          answers
              .computeIfAbsent(message.get("id").asInt(), id -> new CompletableFuture<>())
              .complete(message);
        } else {
          events.add(message);
        }
      }
      webSocket.request(1);
      return null;
    }
  }

  /** A command's result. */
  public JsonNode send(String method, Map<String, ?> params) {
    int id = lastId.incrementAndGet();
    ObjectNode message = JSON.createObjectNode();
    message.put("id", id);
    message.put("method", method);
    message.set("params", JSON.valueToTree(params));
    if (session != null) {
      message.put("sessionId", session);
    }
    CompletableFuture<JsonNode> answer =
        answers.computeIfAbsent(id, key -> new CompletableFuture<>());
    socket.sendText(message.toString(), true).join();
    try {
      JsonNode result = answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (result.has("error")) {
        throw new IllegalStateException(method + ": " + result.get("error"));
      }
      return result.get("result");
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new IllegalStateException(method + " was not answered", e);
    }
  }

  /** Loads a page and forgets what happened before. */
  public void open(String url) throws InterruptedException {
    events.clear();
    send("Page.navigate", Map.of("url", url));
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (events("Page.loadEventFired").isEmpty()) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException(url + " did not load");
      }
      Thread.sleep(20);
    }
    settle();
  }

  /** Waits until an expression is true, or fails with what the page says. */
  public void await(String expression) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!evaluate("Boolean(" + expression + ")").asBoolean()) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException(
            expression + " never came true; " + evaluate("document.body.innerText"));
      }
      Thread.sleep(20);
    }
  }

  /** Gives files to an input, as a person who chooses them does. */
  public void choose(String selector, List<Path> files) {
    String input =
        send("Runtime.evaluate", Map.of("expression", "document.querySelector('" + selector + "')"))
            .get("result")
            .get("objectId")
            .asString();
    List<String> names = files.stream().map(file -> file.toAbsolutePath().toString()).toList();
    send("DOM.setFileInputFiles", Map.of("files", names, "objectId", input));
  }

  /** Waits until two pictures have been drawn, so that what was asked for is on the screen. */
  public void settle() {
    evaluate(
        "new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() =>"
            + " setTimeout(r, 150))))");
  }

  /** What has happened on the page, by method. */
  public List<JsonNode> events(String method) {
    List<JsonNode> found = new ArrayList<>();
    for (JsonNode event : events) {
      if (event.get("method").asString().equals(method)) {
        found.add(event.get("params"));
      }
    }
    return found;
  }

  /** The value of an expression; a promise is waited for. */
  public JsonNode evaluate(String expression) {
    JsonNode result =
        send(
            "Runtime.evaluate",
            Map.of("expression", expression, "returnByValue", true, "awaitPromise", true));
    if (result.has("exceptionDetails")) {
      throw new IllegalStateException(expression + ": " + result.get("exceptionDetails"));
    }
    JsonNode value = result.get("result").get("value");
    return value == null ? JSON.nullNode() : value;
  }

  public void mouse(String type, double x, double y) {
    send(
        "Input.dispatchMouseEvent",
        Map.of(
            "type",
            type,
            "x",
            x,
            "y",
            y,
            "button",
            "left",
            "buttons",
            type.equals("mouseReleased") ? 0 : 1,
            "clickCount",
            1));
  }

  /** Presses at one point, moves in steps and releases at another. */
  public void drag(double fromX, double fromY, double toX, double toY) {
    mouse("mousePressed", fromX, fromY);
    for (int i = 1; i <= 5; i++) {
      mouse("mouseMoved", fromX + (toX - fromX) * i / 5, fromY + (toY - fromY) * i / 5);
    }
    mouse("mouseReleased", toX, toY);
  }

  public void wheelWithCtrl(double x, double y, double delta) {
    send(
        "Input.dispatchMouseEvent",
        Map.of("type", "mouseWheel", "x", x, "y", y, "deltaX", 0, "deltaY", delta, "modifiers", 2));
    settle();
  }

  /** Presses and releases a key of the keyboard. */
  public void key(String key, boolean shift) {
    for (String type : List.of("keyDown", "keyUp")) {
      send(
          "Input.dispatchKeyEvent",
          Map.of("type", type, "key", key, "code", key, "modifiers", shift ? 8 : 0));
    }
  }

  /** One finger from one point to another. */
  public void swipe(double fromX, double fromY, double toX, double toY) {
    touch("touchStart", List.of(Map.of("x", fromX, "y", fromY)));
    for (int i = 1; i <= 5; i++) {
      touch(
          "touchMove",
          List.of(Map.of("x", fromX + (toX - fromX) * i / 5, "y", fromY + (toY - fromY) * i / 5)));
    }
    touch("touchEnd", List.of());
  }

  public void touch(String type, List<Map<String, Double>> points) {
    send("Input.dispatchTouchEvent", Map.of("type", type, "touchPoints", points));
  }

  /** The window as PNG. */
  public byte[] screenshot(boolean whole) {
    return Base64.getDecoder()
        .decode(
            send("Page.captureScreenshot", Map.of("format", "png", "captureBeyondViewport", whole))
                .get("data")
                .asString());
  }

  /** Asks it to end, and does not wait for an answer that may come too late to be sent. */
  @Override
  public void close() {
    ObjectNode message = JSON.createObjectNode();
    message.put("id", lastId.incrementAndGet());
    message.put("method", "Browser.close");
    try {
      socket.sendText(message.toString(), true).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      process.waitFor(10, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      // It is gone already, or will be in a moment.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }
}
