package io.github.consistencydecoder.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.server.access.TlsMaterial;
import io.github.consistencydecoder.server.access.TlsMaterial.TlsFiles;
import io.github.consistencydecoder.server.access.TokenFile;
import io.github.consistencydecoder.server.models.ModelSource;
import io.github.consistencydecoder.testing.FakeDecoder;
import io.github.consistencydecoder.testing.SampleLatents;
import io.github.consistencydecoder.testing.TestCertificates;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tokens and TLS, against a service that wants both. */
@Tag("process")
class AccessTest {
  private static final String TOKEN = "a-token-of-some-length";

  @TempDir private static Path folder;
  private static TestCertificates.Pair serverPair;
  private static TestCertificates.Pair clientPair;
  private static TlsMaterial material;
  private static TestService service;

  @BeforeAll
  static void serve() throws Exception {
    serverPair = TestCertificates.make(folder, "server");
    clientPair = TestCertificates.make(folder, "client");
    Files.writeString(folder.resolve("server-token"), TOKEN);
    Files.writeString(folder.resolve("token"), TOKEN + "\n");
    material =
        TlsMaterial.open(
            new TlsFiles(
                serverPair.certificate(), serverPair.key(), Optional.of(clientPair.certificate())),
            Duration.ofHours(1));
    TokenFile token = TokenFile.open(folder.resolve("server-token"));
    FakeDecoder.Controls controls = new FakeDecoder.Controls();
    service =
        TestService.open(
            0,
            "fixture",
            ModelSource.of(controls::openDecoder),
            endpoint -> endpoint.tls(material).token(token).healthNeedsToken(true));
  }

  @AfterAll
  static void stop() {
    service.close();
    material.close();
  }

  private static DecoderConfig tls() {
    return TestService.at(service.target())
        .with("tls-ca", serverPair.certificate().toString())
        .with("tls-cert", clientPair.certificate().toString())
        .with("tls-key", clientPair.key().toString());
  }

  private static DecoderConfig token(String name) {
    return tls().with("token-file", folder.resolve(name).toString());
  }

  private static void refused(DecoderErrorCode code, DecoderConfig config, String... words) {
    Asserts.fails(code, () -> new RemoteDecoderProvider().open(config), words);
  }

  private static int pixelsOf(LatentDecoder decoder) {
    return decoder
        .decode(SampleLatents.scaled(1, 1, 2, 2), DecodeOptions.defaults())
        .pixels()
        .values()
        .remaining();
  }

  @Test
  void withCertificatesAndTokenItDecodes() {
    try (LatentDecoder decoder = new RemoteDecoderProvider().open(token("token"))) {
      assertThat(pixelsOf(decoder)).isEqualTo(3 * 16 * 16);
    }
  }

  /** Health is asked for over the same connection, and needs the token here as well. */
  @Test
  void severalBackendsTakeThemToo() {
    String port = service.target().replaceAll(".*:", "");
    DecoderConfig config =
        token("token").with("target", "127.0.0.1:" + port + ",localhost:" + port);
    try (LatentDecoder decoder = new RemoteDecoderProvider().open(config)) {
      for (int k = 0; k < 4; k++) {
        assertThat(pixelsOf(decoder)).isEqualTo(3 * 16 * 16);
      }
    }
  }

  @Test
  void withoutATokenTheSettingForItIsNamed() {
    refused(DecoderErrorCode.INVALID_OPTIONS, tls(), "token-file", "Bearer");
  }

  @Test
  void aWrongTokenIsSaidToBeThat() throws Exception {
    Files.writeString(folder.resolve("wrong"), "another-token-of-some-length");
    refused(DecoderErrorCode.INVALID_OPTIONS, token("wrong"), "refuses the token in token-file");
  }

  @Test
  void aTokenFileWithoutATokenIsRefusedBeforeAnyCall() throws Exception {
    Files.writeString(folder.resolve("empty"), "\n");
    Files.writeString(folder.resolve("two"), "one two");
    Files.writeString(folder.resolve("long"), "x".repeat(5000));
    for (String name : new String[] {"empty", "two", "long", "missing"}) {
      refused(DecoderErrorCode.INVALID_OPTIONS, token(name), name, "one line");
    }
  }

  @Test
  void aNewTokenHoldsFromTheNextCallOnAndAnUnusableOneLeavesTheOld() throws Exception {
    Path file = Files.writeString(folder.resolve("renewed"), TOKEN);
    try (LatentDecoder decoder = new RemoteDecoderProvider().open(token("renewed"))) {
      Files.writeString(file, "another-token-of-some-length");
      Asserts.fails(DecoderErrorCode.INVALID_OPTIONS, () -> pixelsOf(decoder), "refuses the token");
      Files.writeString(file, TOKEN);
      assertThat(pixelsOf(decoder)).isEqualTo(3 * 16 * 16);
      Files.delete(file);
      assertThat(pixelsOf(decoder)).isEqualTo(3 * 16 * 16);
    }
  }

  @Test
  void anAuthorityThatDidNotSignTheServiceIsNotEnough() {
    refused(
        DecoderErrorCode.DEVICE_UNAVAILABLE,
        token("token").with("tls-ca", clientPair.certificate().toString()),
        "encrypted",
        "tls-ca");
  }

  @Test
  void withoutACertificateOfOursTheServiceCannotBeReached() {
    DecoderConfig config =
        TestService.at(service.target())
            .with("tls-ca", serverPair.certificate().toString())
            .with("token-file", folder.resolve("token").toString());
    refused(DecoderErrorCode.DEVICE_UNAVAILABLE, config, service.target());
  }

  @Test
  void withoutTlsTheSettingForItIsNamed() {
    refused(
        DecoderErrorCode.DEVICE_UNAVAILABLE,
        TestService.at(service.target()),
        service.target(),
        "tls-ca");
  }

  @Test
  void filesThatAreNoneAreRefusedByName() throws Exception {
    Path none = folder.resolve("none.pem");
    refused(DecoderErrorCode.INVALID_OPTIONS, tls().with("tls-ca", none.toString()), "none.pem");
    Path text = Files.writeString(folder.resolve("text.pem"), "no certificate");
    refused(DecoderErrorCode.INVALID_OPTIONS, tls().with("tls-ca", text.toString()), "TLS");
    refused(DecoderErrorCode.INVALID_OPTIONS, tls().with("tls-key", text.toString()), "TLS");
  }
}
