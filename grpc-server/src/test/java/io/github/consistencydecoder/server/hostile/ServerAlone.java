package io.github.consistencydecoder.server.hostile;

import io.github.consistencydecoder.server.hostile.HostedServer.ServerLook;
import io.github.consistencydecoder.testing.ProcessStatus;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A {@link HostedServer} in a process of its own. Owns the process. */
final class ServerAlone implements AutoCloseable {
  /** No line holds a line break. */
  private static final String THE_END = "\n";

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Process process;
  private final Path log;
  private final BufferedWriter asks;
  private final BlockingQueue<String> said = new LinkedBlockingQueue<>();
  final int grpcPort;
  final int httpPort;

  private ServerAlone(Process process, Path log) throws IOException {
    this.process = process;
    this.log = log;
    this.asks =
        new BufferedWriter(
            new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
    Thread listener = new Thread(this::listen, "server-alone");
    listener.setDaemon(true);
    listener.start();
    try {
      String[] ports = line("ports").split(" ", 3);
      this.grpcPort = Integer.parseInt(ports[1]);
      this.httpPort = Integer.parseInt(ports[2]);
    } catch (IOException | RuntimeException e) {
      process.destroyForcibly();
      throw e;
    }
  }

  /**
   * Starts one.
   *
   * @param log a file for what it says of its errors
   * @param leak bytes that it loses with each decode
   * @param measured whether its memory is judged: the heap then has its full size from the start,
   *     so that memory grows by what is outside; otherwise it compiles less and is there sooner
   */
  static ServerAlone start(Path log, int heapMegabytes, int leak, int stepMillis, boolean measured)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + heapMegabytes + "m",
                "-XX:+UseSerialGC",
                "-XX:MaxDirectMemorySize=384m"));
    command.addAll(
        measured
            ? List.of("-Xms" + heapMegabytes + "m", "-XX:+AlwaysPreTouch")
            : List.of("-XX:TieredStopAtLevel=1"));
    command.addAll(
        List.of(HostedServer.class.getName(), String.valueOf(leak), String.valueOf(stepMillis)));
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
    builder
        .environment()
        .put(
            "CLASSPATH",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    // One arena and a fixed threshold: fragments of the allocator are not what is looked for.
    builder.environment().put("MALLOC_ARENA_MAX", "1");
    builder.environment().put("MALLOC_MMAP_THRESHOLD_", "131072");
    return new ServerAlone(builder.start(), log);
  }

  private void listen() {
    try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        said.add(line);
      }
    } catch (IOException e) {
      // It was ended.
    }
    said.add(THE_END);
  }

  private String line(String start) throws IOException {
    try {
      String line = said.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      while (line != null && !line.equals(THE_END) && !line.startsWith(start)) {
        line = said.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      }
      if (line == null || line.equals(THE_END)) {
        throw new IOException(
            "the server has %s: %s"
                .formatted(
                    line == null || !process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                        ? "hung"
                        : "ended with " + process.exitValue(),
                    Files.readString(log)));
      }
      return line;
    } catch (InterruptedException e) {
      throw new InterruptedIOException("interrupted while waiting for the server");
    }
  }

  /** After a collection. */
  ServerLook look() {
    return ask("look");
  }

  /** For nothing: its heap is what was not collected yet. */
  ServerLook glance() {
    return ask(HostedServer.GLANCE);
  }

  private synchronized ServerLook ask(String what) {
    try {
      asks.write(what + "\n");
      asks.flush();
      return ServerLook.of(line("look"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until nothing is under way. */
  ServerLook awaitRest() throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    ServerLook glance = glance();
    while (!glance.atRest()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("the server does not come to rest: " + glance);
      }
      Thread.sleep(20);
      glance = glance();
    }
    return look();
  }

  /** Bytes of its memory that no file is behind. */
  long anonymous() {
    return ProcessStatus.anonymous(process.pid());
  }

  /** A new channel to its gRPC endpoint. */
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
    try {
      asks.close();
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        throw new IOException("the server does not end: " + Files.readString(log));
      }
    } catch (InterruptedException e) {
      throw new InterruptedIOException("interrupted while the server ends");
    } finally {
      process.destroyForcibly();
    }
  }
}
