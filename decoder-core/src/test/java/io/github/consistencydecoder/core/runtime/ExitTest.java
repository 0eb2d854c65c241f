package io.github.consistencydecoder.core.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A program that ends while its threads decode ends as it was told to. */
@Timeout(600)
@Tag("slow")
final class ExitTest {
  @TempDir private Path folder;

  /** Two threads that decode one size after the other, so that their sessions take memory. */
  static final class Decoding {
    public static void main(String[] arguments) throws Exception {
      LatentDecoder decoder = Decoders.open("consistency", DecoderConfig.model("tiny"));
      for (int i = 0; i < 2; i++) {
        Random sizes = new Random(i);
        new Thread(() -> decodeOn(decoder, sizes)).start();
      }
      System.out.println("decoding");
      Thread.sleep(Long.parseLong(arguments[0]));
      if (arguments[1].equals("exit")) {
        System.exit(7);
      }
    }

    private static void decodeOn(LatentDecoder decoder, Random sizes) {
      while (true) {
        int height = 8 + sizes.nextInt(24);
        int width = 8 + sizes.nextInt(24);
        Latents latents = Latents.scaled(new float[4 * height * width], 1, 4, height, width);
        try {
          Decoded unused = decoder.decode(latents, DecodeOptions.defaults());
        } catch (DecoderException e) {
          System.out.println(e.getMessage());
          if (e.code() == DecoderErrorCode.CANCELLED) {
            return;
          }
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"exit, 7", "TERM, 143"})
  void programEndsWhileItDecodes(String kind, int code) throws Exception {
    assumeFalse(System.getProperty("os.name").startsWith("Windows"), "signals are POSIX's");
    for (int round = 0; round < 6; round++) {
      ProcessBuilder builder =
          new ProcessBuilder(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-XX:+UseSerialGC",
              "-XX:TieredStopAtLevel=1",
              "-cp",
              System.getProperty("java.class.path"),
              Decoding.class.getName(),
              Integer.toString(80 * round),
              kind);
      Process process = builder.directory(folder.toFile()).redirectErrorStream(true).start();
      try (BufferedReader out = process.inputReader()) {
        String line = out.readLine();
        while (line != null && !line.equals("decoding")) {
          line = out.readLine();
        }
        if (!kind.equals("exit")) {
          Thread.sleep(80L * round);
          String pid = Long.toString(process.pid());
          assertThat(new ProcessBuilder("kill", "-" + kind, pid).start().waitFor()).isZero();
        }
        String said = out.lines().collect(Collectors.joining("\n"));

        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as("round %s: %s", round, said).isEqualTo(code);
        assertThat(said).doesNotContain("SIG");
      } finally {
        process.destroyForcibly();
      }
    }
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).isEmpty();
    }
  }
}
