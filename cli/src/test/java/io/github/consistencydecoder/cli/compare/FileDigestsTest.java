package io.github.consistencydecoder.cli.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FileDigestsTest {
  @TempDir private Path folder;

  @Test
  void digestIsSha256AndReadOnce() throws IOException {
    // FIPS 180-2, appendix B.1.
    Path file = Files.writeString(folder.resolve("abc"), "abc");
    FileDigests digests = new FileDigests();

    String digest = digests.of(file);

    assertThat(digest)
        .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    Files.delete(file);
    assertThat(digests.of(file)).isEqualTo(digest);
  }

  @Test
  void whatCannotBeAnInputIsNotDigested() throws IOException {
    Path huge = folder.resolve("huge.png");
    try (RandomAccessFile file = new RandomAccessFile(huge.toFile(), "rw")) {
      file.setLength((2L << 30) + 1);
    }

    assertThatIOException().isThrownBy(() -> new FileDigests().of(huge));
    assertThatIOException().isThrownBy(() -> new FileDigests().of(folder));
    assertThatIOException().isThrownBy(() -> new FileDigests().of(folder.resolve("none")));
  }
}
