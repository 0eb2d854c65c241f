package io.github.consistencydecoder.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.github.consistencydecoder.cli.CommandRun;
import io.github.consistencydecoder.cli.Main;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.testing.SampleLatents;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code serve}: refusals inside this process, the rest in a process of its own. */
@Tag("process")
@Timeout(120)
final class ServeCommandTest {
  /** Bytes of what the gRPC endpoint says at first, and of the reset of a call. */
  private static final int SETTINGS_AND_RESET = 62;

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--grpc-port=x|--grpc-port x: a number",
        "--http-port=70000|--http-port 70000: a number",
        "--http-port=none --grpc-port=none|no port and no socket",
        "--tls-cert=a|--tls-cert and --tls-key belong together",
        "--tls-client-ca=a|--tls-client-ca needs",
        "--lanes=0|--workers 0: at least 1",
        "--max-pixels=1|--max-pixels 1: at least 64",
        "--memory=much|--memory: 'much' is not a size of memory",
        "--warm=5x5|--warm 5x5: width and height",
        "--grace=-1|--grace -1.0: seconds",
        "--log=xml|--log xml: text or json",
        "--host=0.0.0.0 --http-port=0 --grpc-port=0|lets others in over the network",
        "--model=tiny --model=bundled-preview=tiny|there is a model 'bundled-preview'",
      })
  void senselessOptionsAreRefused(String options, String part) {
    List<Object> arguments = new ArrayList<>(List.of("serve"));
    arguments.addAll(List.of((Object[]) options.split(" ", -1)));

    CommandRun run = CommandRun.of(arguments.toArray());

    assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains(part);
  }

  @Test
  void modelThatIsNotThereIsSaidAtOnce() {
    CommandRun run = CommandRun.of("serve", "--model", "no-such-model", "--http-port", "0");

    assertThat(run.code()).isEqualTo(ExitCode.MODEL);
  }

  @Test
  void runtimeThatCannotBeLoadedEndsTheStartWithTheSentenceOfADecode() throws Exception {
    Path parts = Files.createDirectories(folder.resolve("parts"));
    Files.writeString(parts.resolve(System.mapLibraryName("onnxruntime")), "no library");
    Process process = start(List.of("-Donnxruntime.native.path=" + parts), "--provider=cpu");
    try (BufferedReader err = process.errorReader()) {
      String log = err.lines().collect(Collectors.joining("\n"));

      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(ExitCode.FAILED);
      assertThat(log)
          .contains(
              "error: decoder 'consistency' cannot work here: ONNX Runtime's native library cannot"
                  + " be loaded here ("
                  + parts)
          .doesNotContain("\tat ");
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void deviceThatIsNotThereEndsTheStart() {
    CommandRun run = CommandRun.of("serve", "--provider=cuda:999", "--http-port", "0");

    assertThat(run.code()).isEqualTo(ExitCode.FAILED);
    assertThat(run.err()).contains("cuda:999 is not available");
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "HUP"})
  void servesTheBundledModelUntilItIsToldToEndAndThenExitsWithZero(String signal) throws Exception {
    assumeFalse(System.getProperty("os.name").startsWith("Windows"), "signals are POSIX's");
    Process process = start("--log=json");
    try (BufferedReader out = process.inputReader();
        BufferedReader err = process.errorReader()) {
      CompletableFuture<String> log =
          CompletableFuture.supplyAsync(() -> err.lines().collect(Collectors.joining("\n")));
      URI http = null;
      String line = out.readLine();
      while (line != null && !line.startsWith("ready")) {
        if (line.startsWith("listening on http:")) {
          http = URI.create(line.substring("listening on ".length()));
        }
        line = out.readLine();
      }
      // Without a line it has ended, and its log has an end.
      assertThat(line).withFailMessage(() -> "it ended: " + log.join()).isNotNull();
      assertThat(line).contains("bundled-preview").doesNotContain("consistency_decoder");

      HttpResponse<byte[]> answer = decode(http);
      kill(process, signal);

      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.headers().firstValue("content-type")).contains("image/png");
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
      assertThat(log.get())
          .contains("\"outcome\":\"completed\"", "all calls have ended")
          .doesNotContain("Exception", "WARN");
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void secondSignalDoesNotWait() throws Exception {
    assumeFalse(System.getProperty("os.name").startsWith("Windows"), "signals are POSIX's");
    Process process = start("--drain-delay=60");
    try (BufferedReader out = process.inputReader();
        BufferedReader err = process.errorReader()) {
      await(out, "ready", err);
      kill(process, "TERM");
      await(err, "draining", err);
      kill(process, "TERM");

      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(143);
    } finally {
      process.destroyForcibly();
    }
  }

  /** Half a greeting, garbage, and headers that gRPC cannot read, each followed by a reset. */
  private static List<byte[]> rudenesses() {
    byte[] preface =
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0".getBytes(StandardCharsets.US_ASCII);
    String block =
        "\0\7:method\4POST\0\7:scheme\4http\0\5:path\2/a\0\12:authority\1t\0\5x-bin\3!!!";
    byte[] headers =
        ("\0\0" + (char) block.length() + "\1\4\0\0\0\1" + block)
            .getBytes(StandardCharsets.US_ASCII);
    ByteBuffer odd = ByteBuffer.allocate(preface.length + headers.length);
    odd.put(preface).put(headers);
    return List.of(
        Arrays.copyOf(preface, 7),
        new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9},
        odd.array(),
        new byte[0]);
  }

  /** Breaks the connection once the server has read what it is sent, and said something to it. */
  private static void beRude(SocketChannel channel, byte[] bytes) throws Exception {
    try (channel) {
      channel.write(ByteBuffer.wrap(bytes));
      channel.configureBlocking(false);
      ByteBuffer answer = ByteBuffer.allocate(10_000);
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(bytes.length > 60 ? 5 : 0);
      int read = 0;
      do {
        TimeUnit.MILLISECONDS.sleep(20);
        read = channel.read(answer);
      } while (read >= 0 && answer.position() < SETTINGS_AND_RESET && System.nanoTime() < end);
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("reset");
    }
  }

  @Test
  void clientsThatBreakTheirConnectionsAreNotInTheLog() throws Exception {
    assumeFalse(System.getProperty("os.name").startsWith("Windows"), "signals are POSIX's");
    Path socket = folder.resolve("own").resolve("grpc.sock");
    Process process = start("--socket", socket.toString());
    try (BufferedReader out = process.inputReader();
        BufferedReader err = process.errorReader()) {
      CompletableFuture<String> log =
          CompletableFuture.supplyAsync(() -> err.lines().collect(Collectors.joining("\n")));
      List<Integer> ports = new ArrayList<>();
      String line = out.readLine();
      while (line != null && !line.startsWith("ready")) {
        Matcher port = Pattern.compile(":(\\d+)/?$").matcher(line);
        if (port.find()) {
          ports.add(Integer.valueOf(port.group(1)));
        }
        line = out.readLine();
      }
      assertThat(ports).hasSize(2);
      for (byte[] bytes : rudenesses()) {
        for (int port : ports) {
          SocketChannel channel =
              SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
          channel.setOption(StandardSocketOptions.SO_LINGER, 0);
          beRude(channel, bytes);
        }
        beRude(SocketChannel.open(UnixDomainSocketAddress.of(socket)), bytes);
      }
      kill(process, "TERM");

      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(log.get())
          .contains("all calls have ended")
          .doesNotContain("WARN", "Exception", "io.grpc", "io.netty", "\tat ");
    } finally {
      process.destroyForcibly();
    }
  }

  private static HttpResponse<byte[]> decode(URI http) throws Exception {
    ByteBuffer latents = ByteBuffer.allocate(4 * 4 * 8 * 8).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : SampleLatents.values(256, 1)) {
      latents.putFloat(value);
    }
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(
                    http.resolve(
                        "/?output_type=pil&image_format=png&shape=1,4,8,8&dtype=float32"
                            + "&scaling_factor=0.18215"))
                .header("Content-Type", "tensor/binary")
                .POST(HttpRequest.BodyPublishers.ofByteArray(latents.array()))
                .build(),
            HttpResponse.BodyHandlers.ofByteArray());
  }

  private static void await(BufferedReader reader, String text, BufferedReader err)
      throws IOException {
    String line = reader.readLine();
    while (line != null && !line.contains(text)) {
      line = reader.readLine();
    }
    assertThat(line)
        .withFailMessage(
            () -> "no '" + text + "' but: " + err.lines().collect(Collectors.joining("\n")))
        .isNotNull();
  }

  private Process start(String... options) throws IOException {
    return start(List.of(), options);
  }

  private Process start(List<String> jvm, String... options) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:TieredStopAtLevel=1");
    command.addAll(jvm);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(List.of("serve", "--grpc-port=0", "--http-port=0"));
    command.addAll(List.of(options));
    ProcessBuilder builder = new ProcessBuilder(command);
    Files.createDirectories(folder.resolve("home"));
    builder.environment().put("CONSISTENCY_DECODER_HOME", folder.resolve("home").toString());
    Process process = builder.start();
    // Whoever waits for a line of one that hangs has then waited for its end.
    CompletableFuture.delayedExecutor(100, TimeUnit.SECONDS).execute(process::destroyForcibly);
    return process;
  }

  private static void kill(Process process, String signal) throws Exception {
    assertThat(
            new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                .start()
                .waitFor())
        .isZero();
  }
}
