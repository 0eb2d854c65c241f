package io.github.consistencydecoder.cli.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.github.consistencydecoder.cli.CommandRun;
import io.github.consistencydecoder.cli.TestPictures;
import io.github.consistencydecoder.cli.compare.ComparisonFiles;
import io.github.consistencydecoder.testing.SampleLatents;
import io.github.consistencydecoder.testing.TensorBytes;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Signals reach a process of their own that is in the middle of a decode. */
@Tag("process")
@Timeout(60)
final class InterruptionTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"HUP, 1, 129", "INT, 2, 130", "TERM, 15, 143"})
  void signalCancelsTheDecodeAndWaitsForIt(String signal, int number, int code) throws Exception {
    assumeFalse(System.getProperty("os.name").startsWith("Windows"), "signals are POSIX's");
    assumeFalse(isIgnored(number), "started with this signal ignored");
    Process process = start("slow");
    try (BufferedReader err = process.errorReader()) {
      assertThat(lineWith(err, "slow decode runs")).isTrue();

      kill(process, signal);

      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(code);
      assertThat(err.lines().collect(Collectors.joining("\n")))
          .contains("slow decode returns", "interrupted")
          .doesNotContain("error:", "\tat ");
    } finally {
      process.destroyForcibly();
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(f -> f.getFileName().toString())).containsExactly("latents.npy");
    }
  }

  @Test
  void secondSignalDoesNotWait() throws Exception {
    assumeFalse(System.getProperty("os.name").startsWith("Windows"), "signals are POSIX's");
    Process process = start("deaf");
    try (BufferedReader err = process.errorReader()) {
      assertThat(lineWith(err, "deaf decode runs")).isTrue();

      kill(process, "TERM");
      assertThat(lineWith(err, "deaf decode was asked to stop")).isTrue();
      kill(process, "TERM");

      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(143);
    } finally {
      process.destroyForcibly();
    }
  }

  /**
   * A shell starts background jobs so, or nohup does, and a JVM leaves it so: nobody could
   * interrupt such a process.
   */
  private static boolean isIgnored(int signal) throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.isReadable(status)) {
      return false;
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("SigIgn:"))
        .anyMatch(
            line ->
                ((Long.parseUnsignedLong(line.substring(7).strip(), 16) >> (signal - 1)) & 1) != 0);
  }

  @Test
  void signalStopsEncoding() throws Exception {
    assumeFalse(System.getProperty("os.name").startsWith("Windows"), "signals are POSIX's");
    Path photo = TestPictures.png(folder.resolve("photo.png"), 24, 16, 1);
    Path out = folder.resolve("out.safetensors");
    Process process =
        run("encode", photo.toString(), "--encoder=fake", "--model=slow", "-o", out.toString());
    try (BufferedReader err = process.errorReader()) {
      assertThat(lineWith(err, "slow encode runs")).isTrue();

      kill(process, "TERM");

      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(143);
      assertThat(err.lines().collect(Collectors.joining("\n")))
          .contains("slow encode returns", photo + ": interrupted")
          .doesNotContain("error:", "\tat ");
    } finally {
      process.destroyForcibly();
    }
    assertThat(out).doesNotExist();
  }

  @Test
  void interruptedComparisonKeepsWhatIsDoneAndGoesOnFromThere() throws Exception {
    assumeFalse(System.getProperty("os.name").startsWith("Windows"), "signals are POSIX's");
    TensorBytes.npy(folder.resolve("a.npy"), SampleLatents.values(16, 1), 1, 4, 2, 2);
    TensorBytes.npy(folder.resolve("b.npy"), SampleLatents.values(24, 1), 1, 4, 2, 3);
    TensorBytes.npy(folder.resolve("c.npy"), SampleLatents.values(16, 2), 1, 4, 2, 2);
    Path out = folder.resolve("out");
    List<String> command =
        List.of(
            "compare",
            folder.resolve("a.npy").toString(),
            folder.resolve("b.npy").toString(),
            folder.resolve("c.npy").toString(),
            "--decoder=fake",
            "--decoder=wide=fake:model=slow-if-wide",
            "-o",
            out.toString());
    Process process = run(command.toArray(new String[0]));
    try (BufferedReader err = process.errorReader()) {
      assertThat(lineWith(err, "slow-if-wide decode runs")).isTrue();

      kill(process, "TERM");

      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(143);
      assertThat(err.lines().collect(Collectors.joining("\n")))
          .contains("interrupted; 1 of 3 inputs are done, the same command goes on from there")
          .doesNotContain("error:", "\tat ");
    } finally {
      process.destroyForcibly();
    }
    assertThat(ComparisonFiles.metricsIn(out).inputs()).containsExactly("a");
    assertThat(out.resolve("metrics.csv")).content().contains("a,wide,whole");

    Files.delete(folder.resolve("b.npy"));
    TensorBytes.npy(folder.resolve("b.npy"), SampleLatents.values(16, 1), 1, 4, 2, 2);
    CommandRun again = CommandRun.of(command.toArray()).exits(0);

    assertThat(again.err()).contains("note: 1 of 3 inputs were done already");
    assertThat(ComparisonFiles.in(out).inputs()).containsExactly("a", "b", "c");
  }

  private Process start(String model) throws IOException {
    Path latents =
        TensorBytes.npy(folder.resolve("latents.npy"), SampleLatents.values(24, 1), 1, 4, 2, 3);
    return run(
        "decode",
        latents.toString(),
        "--decoder=fake",
        "--model=" + model,
        "-o",
        folder.resolve("out.png").toString());
  }

  private static Process run(String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                "io.github.consistencydecoder.cli.Main"));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).start();
  }

  private static boolean lineWith(BufferedReader reader, String text) throws IOException {
    String line = reader.readLine();
    while (line != null && !line.contains(text)) {
      line = reader.readLine();
    }
    return line != null;
  }

  private static void kill(Process process, String signal) throws Exception {
    Process kill = new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start();
    String said =
        new BufferedReader(new InputStreamReader(kill.getErrorStream(), StandardCharsets.UTF_8))
            .lines()
            .collect(Collectors.joining());
    assertThat(kill.waitFor()).as(said).isZero();
  }
}
