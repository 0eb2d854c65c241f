package io.github.consistencydecoder.server.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.consistencydecoder.server.access.TlsMaterial.TlsFiles;
import io.github.consistencydecoder.testing.TestCertificates;
import io.github.consistencydecoder.testing.TestCertificates.Pair;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
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
        .hasMessage(
            "the certificate " + folder.resolve("none") + " cannot be read: there is no such file");
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

  private static void refused(TlsFiles files, String part) {
    assertThatThrownBy(() -> TlsMaterial.open(files, Duration.ofMinutes(1)))
        .isInstanceOf(AccessException.class)
        .hasMessageContaining(part);
  }

  /** A device without end stands for every file that is too large. */
  @Test
  void filesThatCannotBeReadOrDoNotEndAreCalledSo() throws Exception {
    Pair pair = TestCertificates.make(folder, "four");
    Path zero = Path.of("/dev/zero");
    assumeTrue(Files.exists(zero), "there is no /dev/zero");
    Path none = folder.resolve("none");
    refused(new TlsFiles(pair.certificate(), none, Optional.empty()), "the key " + none);
    refused(new TlsFiles(folder, pair.key(), Optional.empty()), "cannot be read: it is a folder");
    refused(
        new TlsFiles(pair.certificate(), pair.key(), Optional.of(none)),
        "the client authorities " + none + " cannot be read: there is no such file");
    refused(
        new TlsFiles(zero, pair.key(), Optional.empty()), "certificate /dev/zero has more than");
    refused(
        new TlsFiles(pair.certificate(), zero, Optional.empty()), "key /dev/zero has more than");
    refused(
        new TlsFiles(pair.certificate(), pair.key(), Optional.of(zero)),
        "client authorities /dev/zero has more than");
    Path empty = Files.createFile(folder.resolve("empty"));
    refused(new TlsFiles(empty, pair.key(), Optional.empty()), "chain is needed");
    refused(new TlsFiles(pair.certificate(), empty, Optional.empty()), "BEGIN PRIVATE KEY");
    refused(
        new TlsFiles(pair.certificate(), pair.key(), Optional.of(empty)), "certificates is needed");
  }

  @Test
  void secretsThatOthersCanReadAreWarnedOf() throws Exception {
    Path file = Files.writeString(folder.resolve("secret"), "x");
    assumeTrue(
        Files.getFileStore(file).supportsFileAttributeView("posix"), "files have no such rights");
    for (String rights : new String[] {"rw-r-----", "rw----r--", "rw-r--r--", "rw--w----"}) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(rights));
      assertThat(FileLook.openToOthers("key", file))
          .contains(
              "the key %s is open to others on this machine (%s): chmod 600 %s"
                  .formatted(file, rights, file));
    }
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    assertThat(FileLook.openToOthers("key", file)).isEmpty();
  }
}
