package io.github.consistencydecoder.core.bands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the temporary file does when it cannot do what it should. */
class SpillFileTest {
  @TempDir Path folder;

  @Test
  void whatWasWrittenIsReadAndTheFileIsGoneWhenClosed() throws IOException {
    try (SpillFile file = SpillFile.create(folder, 8)) {
      file.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 5);
      byte[] read = new byte[2];
      file.read(ByteBuffer.wrap(read), 6);
      assertThat(read).containsExactly(2, 3);
    }
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void aFullDiskIsToldWithNumbers() throws IOException {
    Path full = Path.of("/dev/full");
    Assumptions.assumeTrue(Files.exists(full), "needs a device that is always full: /dev/full");
    FileChannel channel = FileChannel.open(full, StandardOpenOption.WRITE);
    try (SpillFile file = new SpillFile(channel, full, 123_456_789)) {
      assertThatThrownBy(() -> file.write(ByteBuffer.allocate(10), 77_000_000))
          .isInstanceOfSatisfying(
              DecoderException.class,
              e -> assertThat(e.code()).isEqualTo(DecoderErrorCode.OUT_OF_MEMORY))
          .hasMessageContaining("123 MB")
          .hasMessageContaining("77 MB")
          .hasMessageContaining("/dev/full");
    }
  }

  @Test
  void whatWasNeverWrittenCannotBeRead() {
    try (SpillFile file = SpillFile.create(folder, 8)) {
      assertThatThrownBy(() -> file.read(ByteBuffer.allocate(4), 0))
          .isInstanceOf(DecoderException.class)
          .hasMessageContaining("the file ends there");
    }
  }
}
