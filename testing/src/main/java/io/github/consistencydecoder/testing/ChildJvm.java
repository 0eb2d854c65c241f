package io.github.consistencydecoder.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Programs that measure themselves, each in a Java of its own that nothing else has run in. */
public final class ChildJvm {
  /**
   * A Java that takes the same memory at every start: without the compiler that takes tens of
   * megabytes for a moment whenever it gets to it.
   */
  public static final List<String> STEADY = List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

  private static final int MINUTES = 5;

  private ChildJvm() {}

  /**
   * Runs a program to its end.
   *
   * @param folder for what it says
   * @param options of the JVM
   * @return the lines that it printed
   */
  public static List<String> run(
      Path folder, List<String> options, Class<?> program, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.add(program.getName());
    command.addAll(arguments);
    Path out = Files.createTempFile(folder, "child", ".out");
    Path err = Files.createTempFile(folder, "child", ".err");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    // Not as an argument, which lists of processes would show in full.
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    Process process = builder.start();
    try {
      assertThat(process.waitFor(MINUTES, TimeUnit.MINUTES)).as("it ended").isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.exitValue()).as(Files.readString(err)).isZero();
    return Files.readAllLines(out);
  }
}
