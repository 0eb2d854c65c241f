package io.github.consistencydecoder.models.store.download;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NetworkSettingsTest {
  private static final URI HUB = URI.create("https://huggingface.co/a/b/resolve/main/c.json?x=1");
  private static final URI OTHER = URI.create("https://other.example/d/e.pt");

  private static URI rewrite(URI address, Map<String, String> environment)
      throws NetworkSettings.SettingException {
    return NetworkSettings.of(environment, new Properties()).rewrite(address);
  }

  @Test
  void withoutSettingsAddressesStay() throws NetworkSettings.SettingException {
    assertThat(rewrite(HUB, Map.of())).isEqualTo(HUB);
    assertThat(rewrite(OTHER, Map.of("HF_ENDPOINT", " "))).isEqualTo(OTHER);
  }

  @ParameterizedTest
  @CsvSource({
    "https://mirror.example, https://mirror.example/d/e.pt",
    "https://mirror.example/, https://mirror.example/d/e.pt",
    "http://mirror.example:8081/base/, http://mirror.example:8081/base/d/e.pt"
  })
  void theMirrorStandsInForEveryHost(String mirror, URI expected)
      throws NetworkSettings.SettingException {
    assertThat(rewrite(OTHER, Map.of("CONSISTENCY_DECODER_MIRROR", mirror))).isEqualTo(expected);
  }

  @Test
  void theQueryIsKept() throws NetworkSettings.SettingException {
    assertThat(rewrite(HUB, Map.of("CONSISTENCY_DECODER_MIRROR", "https://m.example/hub")))
        .isEqualTo(URI.create("https://m.example/hub/a/b/resolve/main/c.json?x=1"));
  }

  @Test
  void theHubsEndpointStandsInForTheHubOnly() throws NetworkSettings.SettingException {
    Map<String, String> environment = Map.of("HF_ENDPOINT", "https://hub.example");
    assertThat(rewrite(HUB, environment))
        .isEqualTo(URI.create("https://hub.example/a/b/resolve/main/c.json?x=1"));
    assertThat(rewrite(OTHER, environment)).isEqualTo(OTHER);
  }

  @Test
  void theMirrorComesBeforeTheEndpoint() throws NetworkSettings.SettingException {
    Map<String, String> environment =
        Map.of(
            "HF_ENDPOINT", "https://hub.example",
            "CONSISTENCY_DECODER_MIRROR", "https://m.example");
    assertThat(rewrite(HUB, environment).getHost()).isEqualTo("m.example");
  }

  @ParameterizedTest
  @ValueSource(strings = {"mirror.example", "ftp://m.example", "https://", "https://m/?q", "h t"})
  void anEndpointIsABaseAddress(String value) {
    assertThatThrownBy(() -> rewrite(HUB, Map.of("HF_ENDPOINT", value)))
        .isInstanceOf(NetworkSettings.SettingException.class)
        .hasMessage("HF_ENDPOINT is '" + value + "', needed http(s)://host[:port][/path]");
  }
}
