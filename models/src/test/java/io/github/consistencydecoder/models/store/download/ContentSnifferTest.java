package io.github.consistencydecoder.models.store.download;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.models.store.SampleModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContentSnifferTest {
  @TempDir Path folder;

  private String complaint(String name, byte[] content) throws IOException {
    Path file = Files.write(folder.resolve("file"), content);
    return ContentSniffer.complaint(name, file).orElse("");
  }

  private String complaint(String name, String content) throws IOException {
    return complaint(name, content.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
  }

  @Test
  void soundBeginningsPass() throws IOException {
    assertThat(complaint("a.safetensors", SampleModels.safetensors(100, 1))).isEmpty();
    assertThat(complaint("a.pt", "PK\3\4 and so on")).isEmpty();
    assertThat(complaint("a.json", "{}")).isEmpty();
    assertThat(complaint("a.json", " \r\n\t{\"a\": 12345678}")).isEmpty();
    assertThat(complaint("a.txt", "anything at all")).isEmpty();
  }

  @Test
  void aSafetensorsHeaderFitsTheFile() throws IOException {
    assertThat(complaint("a.safetensors", "\3\0\0\0\0\0\0\0{}"))
        .isEqualTo("does not begin like a safetensors file");
    assertThat(complaint("a.safetensors", "\0\0\0\0\0\0\0\u0080{}"))
        .isEqualTo("does not begin like a safetensors file");
  }

  @Test
  void aSafetensorsHeaderBeginsWithABrace() throws IOException {
    assertThat(complaint("a.safetensors", "\2\0\0\0\0\0\0\0[]"))
        .isEqualTo("does not begin like a safetensors file");
  }

  @Test
  void aPyTorchArchiveIsAZipFile() throws IOException {
    assertThat(complaint("a.pt", "version https://git-lfs"))
        .isEqualTo("does not begin like a PyTorch archive");
  }

  @Test
  void jsonIsAnObject() throws IOException {
    assertThat(complaint("a.json", "<html></html>")).isEqualTo("does not begin like a JSON object");
  }

  @Test
  void anEmptyFileIsNothing() throws IOException {
    assertThat(complaint("a.json", "")).isEqualTo("has only 0 bytes");
    assertThat(complaint("a.pt", "PK\3\4")).isEqualTo("has only 4 bytes");
  }
}
