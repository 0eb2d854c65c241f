package io.github.consistencydecoder.client.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RemoteSettingsTest {
  private static RemoteSettings of(Map<String, String> settings) {
    DecoderConfig config = DecoderConfig.empty();
    for (Map.Entry<String, String> setting : settings.entrySet()) {
      config = config.with(setting.getKey(), setting.getValue());
    }
    return RemoteSettings.of(config, "the remote decoder");
  }

  private static void refused(Map<String, String> settings, String... words) {
    assertThatExceptionOfType(DecoderException.class)
        .isThrownBy(() -> of(settings))
        .satisfies(
            e -> {
              assertThat(e.code()).isEqualTo(DecoderErrorCode.INVALID_OPTIONS);
              for (String word : words) {
                assertThat(e).hasMessageContaining(word);
              }
            });
  }

  @Test
  void nothingSetIsTheUsualServiceOnThisMachine() {
    RemoteSettings settings = of(Map.of());
    assertThat(settings.place()).isEqualTo("127.0.0.1:8001");
    assertThat(settings.model()).isEmpty();
    assertThat(settings.timeout()).isEqualTo(Duration.ofMinutes(15));
    assertThat(settings.hasToken()).isFalse();
    assertThat(settings.encrypted()).isFalse();
  }

  @Test
  void anUnknownKeyIsRefusedByName() {
    refused(
        Map.of("device", "cpu"),
        "setting 'device' is unknown",
        "the remote decoder has",
        "target",
        "token-file",
        "where the service is started");
  }

  @Test
  void aLimitOfMemoryIsTheServicesToSet() {
    refused(Map.of("memory", "3GiB"), "'memory' is the service's own", "'serve --memory'");
  }

  @ParameterizedTest
  @CsvSource({"500ms, 500", "90s, 90000", "15m, 900000", "2h, 7200000"})
  void timesHaveUnits(String text, long millis) {
    assertThat(of(Map.of("timeout", text)).timeout()).isEqualTo(Duration.ofMillis(millis));
  }

  @ParameterizedTest
  @ValueSource(strings = {"90", "0s", "-1s", "1.5s", "s", "", "999999999h", "1d"})
  void otherTimesAreRefused(String text) {
    refused(Map.of("timeout", text), "timeout '" + text + "'", "90s");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "127.0.0.1:8001; 127.0.0.1:8001",
        "localhost:1; localhost:1",
        "[::1]:8001; [::1]:8001",
        "a.example-1:65535; a.example-1:65535",
        "unix:/run/cd/grpc.sock; unix:/run/cd/grpc.sock",
        "unix:///run/cd/grpc.sock; unix:/run/cd/grpc.sock",
        "unix:grpc.sock; unix:grpc.sock",
        "grpc://127.0.0.1:8001; 127.0.0.1:8001",
        "grpc+unix:/run/grpc.sock; unix:/run/grpc.sock",
        "127.0.0.1:1, 127.0.0.1:2 ,localhost:3; 127.0.0.1:1, 127.0.0.1:2, localhost:3",
        "unix:/a,unix:/b; unix:/a, unix:/b",
        "dns:///a.example:80; dns:///a.example:80",
        "xds:///decoder; xds:///decoder"
      })
  void targetsAreRead(String text, String place) {
    assertThat(of(Map.of("target", text)).place()).isEqualTo(place);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "localhost",
        "localhost:",
        "localhost:0",
        "localhost:65536",
        ":8001",
        "a b:1",
        "unix:",
        "localhost:1,",
        "localhost:1,,localhost:2",
        "xds:///a,xds:///b",
        "http://127.0.0.1:8000",
        "https://a.example/"
      })
  void otherTargetsAreRefused(String text) {
    refused(Map.of("target", text), "target '" + text + "'", "host:port");
  }

  @Test
  void theAddressOfTheOtherDoorIsRefusedWithTheUsualPortOfThisOne() {
    refused(Map.of("target", "http://127.0.0.1:8000"), "8001", "HTTP");
  }

  @Test
  void socketsAndPortsAreNotMixed() {
    refused(Map.of("target", "unix:/a,localhost:1"), "mixed");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "localhost:1; false",
        "127.9.9.9:1; false",
        "[::1]:1; false",
        "unix:/a; false",
        "localhost:1,127.0.0.1:2; false",
        "a.example:1; true",
        "10.0.0.1:1; true",
        "[2001:db8::1]:1; true",
        "localhost:1,a.example:1; true",
        "localhost.example:1; true",
        "127.0.0.1.example:1; true",
        "dns:///localhost:1; true"
      })
  void whatLeavesThisMachineIsEncryptedUnlessItIsSaidInWords(String target, boolean encrypted) {
    assertThat(of(Map.of("target", target)).encrypted()).isEqualTo(encrypted);
    assertThat(of(Map.of("target", target, "plaintext", "yes")).encrypted()).isFalse();
  }

  @Test
  void filesMeanEncryptionOnThisMachineToo() {
    assertThat(of(Map.of("tls-ca", "ca.pem")).encrypted()).isTrue();
    assertThat(of(Map.of("tls-cert", "c.pem", "tls-key", "k.pem")).encrypted()).isTrue();
    assertThat(of(Map.of("plaintext", "no")).encrypted()).isTrue();
  }

  @Test
  void settingsThatContradictEachOtherAreRefused() {
    refused(Map.of("tls-ca", "ca.pem", "plaintext", "yes"), "exclude");
    refused(Map.of("tls-cert", "c.pem"), "tls-cert", "tls-key", "one of them");
    refused(Map.of("tls-key", "k.pem"), "tls-cert", "tls-key", "one of them");
    refused(Map.of("plaintext", "true"), "plaintext 'true'", "yes or no");
    refused(Map.of("plaintext", ""), "plaintext ''", "yes or no");
    refused(Map.of("target", "unix:/a", "tls-ca", "ca.pem"), "Unix socket", "TLS");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "localhost:1; false",
        "10.0.0.1:1; false",
        "[2001:db8::1]:1; false",
        "unix:/a; false",
        "a.example:1; true",
        "localhost:1,localhost:2; true",
        "unix:/a,unix:/b; true",
        "xds:///decoder; true"
      })
  void callsAreSpreadWhereThereMayBeSeveralServers(String target, boolean balanced) {
    assertThat(Target.parse(target).balanced()).isEqualTo(balanced);
  }
}
