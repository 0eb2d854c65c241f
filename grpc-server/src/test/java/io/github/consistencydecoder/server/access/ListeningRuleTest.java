package io.github.consistencydecoder.server.access;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ListeningRuleTest {
  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "127.8.9.1", "::1", "localhost"})
  void thisMachineNeedsNothing(String host) {
    assertThatCode(
            () -> ListeningRule.check(new InetSocketAddress(host, 1), false, false, false, false))
        .doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource({
    "0.0.0.0, false, false, false, without TLS",
    "::, false, true, false, without TLS",
    "192.0.2.7, true, false, false, neither a token nor a certificate",
  })
  void openDoorsAreRefused(
      String host, boolean tls, boolean token, boolean certificates, String part) {
    assertThatThrownBy(
            () ->
                ListeningRule.check(
                    new InetSocketAddress(host, 1), tls, token, certificates, false))
        .isInstanceOf(AccessException.class)
        .hasMessageContaining(part)
        .hasMessageContaining("say in words");
  }

  @ParameterizedTest
  @CsvSource({"true, true, false, false", "true, false, true, false", "false, false, false, true"})
  void guardedDoorsAndWordsAreEnough(
      boolean tls, boolean token, boolean certificates, boolean words) {
    assertThatCode(
            () ->
                ListeningRule.check(
                    new InetSocketAddress("0.0.0.0", 1), tls, token, certificates, words))
        .doesNotThrowAnyException();
  }

  @Test
  void unknownHostsAreRefused() {
    assertThatThrownBy(
            () ->
                ListeningRule.check(
                    InetSocketAddress.createUnresolved("no.such", 1), true, true, true, true))
        .isInstanceOf(AccessException.class)
        .hasMessageContaining("not known");
  }
}
