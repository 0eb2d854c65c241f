package io.github.consistencydecoder.server.hostile;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A {@link HostedServer} in a process of its own. Owns the process. */
final class ServerAlone implements AutoCloseable {
  private final Process process;
  private final BufferedReader said;
  private final BufferedWriter asks;
  final int grpcPort;
  final int httpPort;

  private ServerAlone(Process process) throws IOException {
    this.process = process;
    this.said =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    this.asks =
        new BufferedWriter(
            new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
    String[] ports = line("ports").split(" ", 3);
    this.grpcPort = Integer.parseInt(ports[1]);
    this.httpPort = Integer.parseInt(ports[2]);
  }

  /** Whether memory of another process can be seen here. */
  static boolean possible() {
    return Files.isReadable(Path.of("/proc/self/status"));
  }

  /**
   * Starts one. The heap has its full size from the start, so that memory grows by what is outside.
   *
   * @param leak bytes that it loses with each decode
   */
  static ServerAlone start(int heapMegabytes, int leak, int stepMillis) throws IOException {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xms" + heapMegabytes + "m",
            "-Xmx" + heapMegabytes + "m",
            "-XX:+AlwaysPreTouch",
            "-XX:+UseSerialGC",
            "-XX:MaxDirectMemorySize=384m",
            HostedServer.class.getName(),
            String.valueOf(leak),
            String.valueOf(stepMillis));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
    builder
        .environment()
        .put(
            "CLASSPATH",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    // One arena and a fixed threshold: fragments of the allocator are not what is looked for.
    builder.environment().put("MALLOC_ARENA_MAX", "1");
    builder.environment().put("MALLOC_MMAP_THRESHOLD_", "131072");
    return new ServerAlone(builder.start());
  }

  private String line(String start) throws IOException {
    String line = said.readLine();
    while (line != null && !line.startsWith(start)) {
      line = said.readLine();
    }
    if (line == null) {
      throw new IOException("the server has ended");
    }
    return line;
  }

  synchronized ServerLook look() {
    try {
      asks.write("look\n");
      asks.flush();
      return ServerLook.of(line("look"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until nothing is under way. */
  ServerLook awaitRest() throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    ServerLook look = look();
    while (!look.atRest()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("the server does not come to rest: " + look);
      }
      Thread.sleep(20);
      look = look();
    }
    return look;
  }

  /** Bytes of its memory that no file is behind. */
  long anonymous() {
    try {
      return Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream()
          .filter(line -> line.startsWith("RssAnon:"))
          .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("[^0-9]", "")))
          .findFirst()
          .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException("the server has ended", e);
    }
  }

  /** A new channel to its gRPC door. */
  ManagedChannel channel() {
    return NettyChannelBuilder.forAddress(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), grpcPort))
        .usePlaintext()
        .maxInboundMessageSize(64 << 20)
        .build();
  }

  /** A new connection whose reads end after 20 s. */
  static Socket socket(int port) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(20_000);
    return socket;
  }

  @Override
  public void close() throws IOException {
    asks.close();
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
