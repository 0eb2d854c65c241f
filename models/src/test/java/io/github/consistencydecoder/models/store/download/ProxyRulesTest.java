package io.github.consistencydecoder.models.store.download;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProxyRulesTest {
  private static final URI HTTPS = URI.create("https://hub.example/file");
  private static final URI HTTP = URI.create("http://hub.example/file");

  private static ProxyRules rules(String... variables) throws NetworkSettings.SettingException {
    return ProxyRules.of(environment(variables), new Properties());
  }

  private static Map<String, String> environment(String... variables) {
    Map<String, String> environment = new HashMap<>();
    for (int i = 0; i < variables.length; i += 2) {
      environment.put(variables[i], variables[i + 1]);
    }
    return environment;
  }

  private static Properties properties(String... entries) {
    Properties properties = new Properties();
    properties.putAll(environment(entries));
    return properties;
  }

  private static String via(ProxyRules rules, URI address) {
    return rules.via(address).map(via -> via.host() + ":" + via.port()).orElse("direct");
  }

  @Test
  void withoutSettingsEverythingIsDirect() throws NetworkSettings.SettingException {
    assertThat(via(rules(), HTTPS)).isEqualTo("direct");
    assertThat(rules().selector().select(HTTPS)).containsExactly(Proxy.NO_PROXY);
    assertThat(rules().authenticator()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "HTTPS_PROXY, http://proxy:3128, proxy:3128",
    "https_proxy, proxy:3128, proxy:3128",
    "https_proxy, http://proxy/, proxy:80",
    "ALL_PROXY, http://proxy:8080, proxy:8080",
    "http_proxy, http://proxy:8080, direct"
  })
  void variablesOfSecureAddresses(String variable, String value, String expected)
      throws NetworkSettings.SettingException {
    assertThat(via(rules(variable, value), HTTPS)).isEqualTo(expected);
  }

  @Test
  void plainAddressesHaveTheirOwnVariable() throws NetworkSettings.SettingException {
    ProxyRules rules = rules("http_proxy", "a:1", "https_proxy", "b:2");
    assertThat(via(rules, HTTP)).isEqualTo("a:1");
    assertThat(via(rules, HTTPS)).isEqualTo("b:2");
  }

  @Test
  void lowerCaseComesFirst() throws NetworkSettings.SettingException {
    assertThat(via(rules("HTTPS_PROXY", "upper:1", "https_proxy", "lower:2"), HTTPS))
        .isEqualTo("lower:2");
  }

  @Test
  void theSystemPropertyComesBeforeTheVariable() throws NetworkSettings.SettingException {
    ProxyRules rules =
        ProxyRules.of(
            environment("https_proxy", "variable:1"),
            properties("https.proxyHost", "property", "https.proxyPort", "2"));
    assertThat(via(rules, HTTPS)).isEqualTo("property:2");
    assertThat(rules.selector().select(HTTPS))
        .extracting(proxy -> ((InetSocketAddress) proxy.address()).getPort())
        .containsExactly(2);
  }

  @Test
  void thePropertysPortIsThatOfTheSchemeUnlessSaid() throws NetworkSettings.SettingException {
    ProxyRules rules = ProxyRules.of(Map.of(), properties("https.proxyHost", "property"));
    assertThat(via(rules, HTTPS)).isEqualTo("property:443");
  }

  @ParameterizedTest
  @CsvSource({
    "hub.example, direct",
    ".example, direct",
    "*.example, direct",
    "example, direct",
    "HUB.example, direct",
    "*, direct",
    "'other, hub.example', direct",
    "hub.example:443, direct",
    "hub.example:8443, proxy:1",
    "b.example, proxy:1",
    "ub.example, proxy:1",
    "'', proxy:1"
  })
  void hostsThatTheVariableExcludes(String exclusions, String expected)
      throws NetworkSettings.SettingException {
    assertThat(via(rules("https_proxy", "proxy:1", "NO_PROXY", exclusions), HTTPS))
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "hub.example, direct",
    "*.example, direct",
    "hub.*, direct",
    "*ub.ex*, direct",
    "localhost|hub.example, direct",
    "example, property:1",
    "'', property:1"
  })
  void hostsThatThePropertyExcludes(String exclusions, String expected)
      throws NetworkSettings.SettingException {
    ProxyRules rules =
        ProxyRules.of(
            Map.of(),
            properties(
                "https.proxyHost",
                "property",
                "https.proxyPort",
                "1",
                "http.nonProxyHosts",
                exclusions));
    assertThat(via(rules, HTTPS)).isEqualTo(expected);
  }

  @Test
  void thisMachineIsNotReachedThroughThePropertysProxy() throws NetworkSettings.SettingException {
    ProxyRules rules =
        ProxyRules.of(Map.of(), properties("http.proxyHost", "property", "http.proxyPort", "1"));
    assertThat(via(rules, URI.create("http://127.0.0.1:8080/x"))).isEqualTo("direct");
    assertThat(via(rules, URI.create("http://localhost/x"))).isEqualTo("direct");
  }

  @ParameterizedTest
  @CsvSource({"socks5://proxy:1080", "https://proxy:1", "http://", "http://pro xy:1"})
  void otherKindsOfProxyAreRefused(String value) {
    assertThatThrownBy(() -> rules("https_proxy", value))
        .isInstanceOf(NetworkSettings.SettingException.class)
        .hasMessage("https_proxy is '" + value + "', needed [http://][user:password@]host[:port]");
  }

  @Test
  void aRefusalDoesNotShowThePassword() {
    assertThatThrownBy(() -> rules("HTTPS_PROXY", "socks5://me:secret@proxy:1080"))
        .hasMessageContaining("***@proxy:1080")
        .hasMessageNotContaining("secret");
  }

  @ParameterizedTest
  @CsvSource({"many", "0", "65536"})
  void aPortIsANumberInItsRange(String port) {
    assertThatThrownBy(
            () ->
                ProxyRules.of(
                    Map.of(), properties("https.proxyHost", "p", "https.proxyPort", port)))
        .isInstanceOf(NetworkSettings.SettingException.class)
        .hasMessage("https.proxyPort is '" + port + "', needed a port, 1 to 65535");
  }

  @Test
  void credentialsAreDecoded() throws NetworkSettings.SettingException {
    var credentials =
        rules("https_proxy", "http://me%40work:a%3Ab+c@proxy:1")
            .via(HTTPS)
            .orElseThrow()
            .credentials();
    assertThat(credentials.getUserName()).isEqualTo("me@work");
    assertThat(credentials.getPassword()).containsExactly("a:b+c".toCharArray());
  }
}
