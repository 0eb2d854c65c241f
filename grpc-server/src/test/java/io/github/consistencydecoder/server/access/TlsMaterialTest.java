package io.github.consistencydecoder.server.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.server.access.TestCertificates.Pair;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("process")
class TlsMaterialTest {
  @TempDir static Path folder;

  @Test
  void materialIsReadWithAndWithoutClientAuthorities() throws Exception {
    Pair pair = TestCertificates.make(folder, "one");
    TlsFiles alone = new TlsFiles(pair.certificate(), pair.key(), Optional.empty());
    try (TlsMaterial material = TlsMaterial.open(alone, TlsMaterial.USUAL_PERIOD)) {
      assertThat(material.wantsClientCertificates()).isFalse();
      assertThat(material.context().getProtocol()).isEqualTo("TLS");
    }
    TlsFiles mutual = new TlsFiles(pair.certificate(), pair.key(), Optional.of(pair.certificate()));
    try (TlsMaterial material = TlsMaterial.open(mutual, TlsMaterial.USUAL_PERIOD)) {
      assertThat(material.wantsClientCertificates()).isTrue();
    }
  }

  @Test
  void filesThatAreMissingOrOtherThingsAreRefused() throws Exception {
    Path nonsense = Files.writeString(folder.resolve("nonsense"), "-----BEGIN NOTHING-----");
    assertThatThrownBy(
            () ->
                TlsMaterial.open(
                    new TlsFiles(folder.resolve("none"), nonsense, Optional.empty()),
                    Duration.ofMinutes(1)))
        .isInstanceOf(AccessException.class)
        .hasMessageContaining("PEM files of a certificate chain");
    Pair pair = TestCertificates.make(folder, "two");
    Pair other = TestCertificates.make(folder, "three");
    assertThatThrownBy(
            () ->
                TlsMaterial.open(
                    new TlsFiles(pair.certificate(), other.key(), Optional.empty()),
                    Duration.ofMinutes(1)))
        .isInstanceOf(AccessException.class)
        .hasMessageContaining("do not belong together");
    assertThatThrownBy(
            () ->
                TlsMaterial.open(
                    new TlsFiles(pair.certificate(), nonsense, Optional.empty()),
                    Duration.ofMinutes(1)))
        .isInstanceOf(AccessException.class);
    assertThatThrownBy(
            () ->
                TlsMaterial.open(
                    new TlsFiles(
                        pair.certificate(), pair.key(), Optional.of(folder.resolve("none"))),
                    Duration.ofMinutes(1)))
        .isInstanceOf(AccessException.class)
        .hasMessageContaining("client authorities");
  }
}
