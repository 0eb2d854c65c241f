package io.github.consistencydecoder.cli.serve;

import io.github.consistencydecoder.cli.Main;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The command as {@code serve}, in a process of its own with the bundled model. */
final class ServerProcess implements AutoCloseable {
  private static final Pattern LISTENING = Pattern.compile("listening on grpc://(\\S+):([0-9]+)");
  private static final Pattern READY = Pattern.compile("(?m)^ready");

  final Process process;
  private final Path out;

  private ServerProcess(Process process, Path out) {
    this.process = process;
    this.out = out;
  }

  /**
   * Starts one; it is not ready yet.
   *
   * @param port 0 for a free one
   * @param folder for its output and its models' cache
   */
  static ServerProcess start(int port, Path folder) throws IOException {
    return start(folder, Map.of("CONSISTENCY_DECODER_GRPC_PORT", Integer.toString(port)));
  }

  /** Starts one whose settings are in its environment. */
  static ServerProcess start(Path folder, Map<String, String> environment) throws IOException {
    Files.createDirectories(folder);
    Path out = folder.resolve("out.txt");
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx300m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            Main.class.getName(),
            "serve",
            "--http-port",
            "none",
            "--threads",
            "1");
    ProcessBuilder builder = new ProcessBuilder(command);
    // Not as an argument, which lists of processes would show in full.
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    builder.environment().put("CONSISTENCY_DECODER_HOME", folder.resolve("home").toString());
    builder.environment().putAll(environment);
    builder.redirectErrorStream(true).redirectOutput(out.toFile());
    return new ServerProcess(builder.start(), out);
  }

  private String said() {
    try {
      return Files.readString(out);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void await(Pattern line) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!line.matcher(said()).find()) {
      if (!process.isAlive()) {
        throw new AssertionError("the server ended with " + process.exitValue() + ": " + said());
      }
      if (System.nanoTime() - end > 0) {
        throw new AssertionError("the server does not say '" + line + "' but: " + said());
      }
      try {
        TimeUnit.MILLISECONDS.sleep(5);
      } catch (InterruptedException e) {
        throw new AssertionError("interrupted while waiting for the server", e);
      }
    }
  }

  int port() {
    await(LISTENING);
    Matcher found = LISTENING.matcher(said());
    if (!found.find()) {
      throw new AssertionError(said());
    }
    return Integer.parseInt(found.group(2));
  }

  ServerProcess awaitReady() {
    await(READY);
    return this;
  }

  /** SIGTERM; the exit code. */
  int terminate() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      throw new AssertionError("the server does not end: " + said());
    }
    return process.exitValue();
  }

  /** SIGKILL. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      throw new AssertionError("the server does not end");
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
