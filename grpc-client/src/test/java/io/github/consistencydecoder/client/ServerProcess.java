package io.github.consistencydecoder.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The built command as {@code serve}, in a process of its own with the bundled model. */
final class ServerProcess implements AutoCloseable {
  private static final Pattern LISTENING = Pattern.compile("listening on grpc://(\\S+):([0-9]+)");
  private static final Pattern READY = Pattern.compile("(?m)^ready");

  final Process process;
  private final Path out;

  private ServerProcess(Process process, Path out) {
    this.process = process;
    this.out = out;
  }

  /** Where the command is when it has been built. */
  static Path jar() {
    return Path.of(System.getProperty("project.root")).resolve("cli/target/cli.jar");
  }

  /**
   * Starts one; it is not ready yet.
   *
   * @param port 0 for a free one
   * @param folder for its output and its models' cache
   */
  static ServerProcess start(int port, Path folder) throws IOException {
    Files.createDirectories(folder);
    Path out = folder.resolve("out.txt");
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx300m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-jar",
            jar().toString(),
            "serve",
            "--grpc-port",
            Integer.toString(port),
            "--http-port",
            "none",
            "--threads",
            "1");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("CONSISTENCY_DECODER_HOME", folder.resolve("home").toString());
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
    TestService.await(
        "a server process to say '" + line + "'",
        () -> {
          if (!process.isAlive()) {
            throw new AssertionError(
                "the server ended with " + process.exitValue() + ": " + said());
          }
          return line.matcher(said()).find();
        });
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
