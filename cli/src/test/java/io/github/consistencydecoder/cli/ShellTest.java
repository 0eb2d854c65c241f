package io.github.consistencydecoder.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.consistencydecoder.testing.SampleLatents;
import io.github.consistencydecoder.testing.TensorBytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What only a process of its own shows: where its output goes and how names are encoded. */
@DisabledOnOs(OS.WINDOWS)
final class ShellTest {
  private static final int MINUTES = 2;

  @TempDir private Path folder;
  private String said;

  @BeforeEach
  void writeInputs() throws IOException {
    TensorBytes.npy(folder.resolve("good.npy"), SampleLatents.values(16, 1), 1, 4, 2, 2);
    TestPictures.png(folder.resolve("photographs").resolve("good.png"), 24, 16, 1);
  }

  /** Runs a line of shell in the folder, where {@code decoder} is the command; the exit code. */
  private int shell(String line) throws IOException, InterruptedException {
    Path out = folder.resolve("said.txt");
    ProcessBuilder builder =
        new ProcessBuilder(
            "sh",
            "-c",
            "decoder() { \"$JAVA\" -XX:TieredStopAtLevel=1 \"$MAIN\" \"$@\"; }; " + line);
    builder.environment().put("JAVA", System.getProperty("java.home") + "/bin/java");
    builder.environment().put("MAIN", Main.class.getName());
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    builder.directory(folder.toFile()).redirectErrorStream(true).redirectOutput(out.toFile());
    Process process = builder.start();
    try {
      assertThat(process.waitFor(MINUTES, TimeUnit.MINUTES)).as(line).isTrue();
    } finally {
      process.destroyForcibly();
    }
    said = Files.readString(out, StandardCharsets.ISO_8859_1);
    return process.exitValue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "models list --json",
        "models list",
        "--version",
        "decode --help",
        "decode --decoder fake --latents scaled good.npy -o a.png --json"
      })
  void outputThatIsLostIsAFailure(String arguments) throws Exception {
    assumeThat(Path.of("/dev/full")).exists();
    assertThat(shell("decoder " + arguments + " > /dev/full")).as(said).isEqualTo(1);
    assertThat(said).matches("(?s).*error: standard output: cannot be written: [^\n]+\n");
  }

  @Test
  void aReaderThatHasSeenEnoughIsNoFailure() throws Exception {
    assertThat(shell("{ decoder models list; echo $? > code; } | true; cat code")).isZero();
    assertThat(said).isEqualTo("0\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"C", "POSIX"})
  void withoutUtf8OneNameIsOneFailedInput(String locale) throws Exception {
    String line =
        "bad=$(printf 'b\\303\\244d.npy'); cp good.npy \"$bad\"; export LC_ALL="
            + locale
            + "; decoder decode --decoder fake --latents scaled \"$bad\" good.npy -o out";
    assertThat(shell(line)).as(said).isEqualTo(4);
    assertThat(said).contains("set LC_ALL=C.UTF-8").doesNotContain("bug");
    assertThat(folder.resolve("out").resolve("good.png")).exists();
  }

  @Test
  void withoutUtf8OneNameOfAFolderIsOneFailedInput() throws Exception {
    String line =
        "for k in 244 266; do cp photographs/good.png \"photographs/$(printf"
            + " 'b\\303\\'$k'd.png')\"; done; LC_ALL=C decoder encode --encoder fake photographs -o"
            + " out";
    assertThat(shell(line)).as(said).isEqualTo(4);
    assertThat(said.lines().filter(each -> each.contains("set LC_ALL=C.UTF-8"))).hasSize(2);
    assertThat(said).doesNotContain("bug");
    assertThat(folder.resolve("out").resolve("good.safetensors")).exists();
  }

  @Test
  void withoutUtf8AnOptionsNameIsNamedWithTheCure() throws Exception {
    String line =
        "LC_ALL=C decoder decode --decoder fake good.npy -o \"$(printf 'b\\303\\244d.png')\"";
    assertThat(shell(line)).as(said).isEqualTo(2);
    assertThat(said).contains("set LC_ALL=C.UTF-8").doesNotContain("Exception");
  }
}
