package io.github.consistencydecoder.cli.shell;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class FailureTest {
  @ParameterizedTest
  @EnumSource(DecoderErrorCode.class)
  void everyCodeOfADecoderHasAnExitCode(DecoderErrorCode code) {
    int expected =
        switch (code.kind()) {
          case MODEL -> 3;
          case RESOURCES, INTERNAL -> 1;
          case CALLER ->
              code == DecoderErrorCode.INVALID_LATENTS || code == DecoderErrorCode.INVALID_PIXELS
                  ? 4
                  : code == DecoderErrorCode.CANCELLED ? 1 : 2;
        };

    assertThat(Failure.of(new DecoderException(code, "x")).exitCode()).isEqualTo(expected);
  }

  @Test
  void pathIsShownAsThePersonTypedIt() {
    FormatException e = new FormatException(Path.of("/real/folder/a.npy"), "", 8, "too short");

    assertThat(Failure.of("folder/a.npy", 4, e).message())
        .isEqualTo("folder/a.npy: at byte 8: too short");
  }

  @Test
  void nameBehindALinkRemainsAsItIs() {
    FormatException e = new FormatException(Path.of("blob"), "w", 8, "too short");

    assertThat(Failure.of("a.npy", 4, e).message())
        .isEqualTo("blob: tensor 'w' at byte 8: too short");
  }

  @Test
  void causesOfTheFileSystemAreInWords() {
    assertThat(Failure.of("a", 4, new NoSuchFileException("/x/a")).message())
        .isEqualTo("a: no such file or folder");
    assertThat(Failure.of("", 1, new AccessDeniedException("/x/a")).message())
        .isEqualTo("/x/a: permission denied");
    assertThat(Failure.of("a", 4, new UncheckedIOException(new IOException("bad disk"))))
        .extracting(Failure::message, Failure::exitCode)
        .containsExactly("a: bad disk", 4);
  }

  @Test
  void messageOfSeveralLinesBecomesOne() {
    assertThat(Failure.of(new CliException(2, "first\n  second\r\n")).message())
        .isEqualTo("first second");
  }

  @Test
  void smallHeapIsAnsweredWithAWayOut() {
    Failure failure = Failure.of("a.npy", 4, new OutOfMemoryError("Java heap space"));

    assertThat(failure.exitCode()).isEqualTo(1);
    assertThat(failure.message()).startsWith("a.npy: the Java heap of ").contains("-Xmx");
  }
}
