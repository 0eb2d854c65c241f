package io.github.consistencydecoder.server.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.util.Arrays;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PemKeyTest {
  /** Made by {@code openssl ecparam -genkey} for this test alone, and the same as PKCS#8. */
  private static final String SEC1 =
      """
      -----BEGIN EC PARAMETERS-----
      BggqhkjOPQMBBw==
      -----END EC PARAMETERS-----
      -----BEGIN EC PRIVATE KEY-----
      MHcCAQEEIGqHCvQOFqhjHzf3ZjqEJi03u/t3JpziuupGKI+Dd+iLoAoGCCqGSM49
      AwEHoUQDQgAECIlxrf67+y2DKaXVgqiP0Us3prBhSuFUmGhpS2ygFdmEPGw9o7NK
      VJUVVJuFVVIjiACkA0u5a8qXVo+7GQ5C2Q==
      -----END EC PRIVATE KEY-----
      """;

  private static final String PKCS8 =
      """
      -----BEGIN PRIVATE KEY-----
      MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgaocK9A4WqGMfN/dm
      OoQmLTe7+3cmnOK66kYoj4N36IuhRANCAAQIiXGt/rv7LYMppdWCqI/RSzemsGFK
      4VSYaGlLbKAV2YQ8bD2js0pUlRVUm4VVUiOIAKQDS7lrypdWj7sZDkLZ
      -----END PRIVATE KEY-----
      """;

  private static PrivateKey read(String pem) throws AccessException {
    return PemKey.read(Path.of("key.pem"), pem.getBytes(StandardCharsets.US_ASCII));
  }

  private static String pem(String kind, byte[] der) {
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
        .formatted(kind, Base64.getMimeEncoder().encodeToString(der), kind);
  }

  @Test
  void sec1IsTheSameKeyAsItsPkcs8() throws Exception {
    ECPrivateKey key = (ECPrivateKey) read(SEC1);
    ECPrivateKey same = (ECPrivateKey) read(PKCS8);
    assertThat(key.getS()).isEqualTo(same.getS());
    assertThat(key.getParams().getCurve()).isEqualTo(same.getParams().getCurve());
  }

  @ParameterizedTest
  @ValueSource(ints = {1024, 2048, 3072})
  void pkcs1IsTheSameKeyAsItsPkcs8(int bits) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(bits);
    PrivateKey key = generator.generateKeyPair().getPrivate();
    byte[] pkcs8 = key.getEncoded();
    // Two lengths of three bytes, the version, and the algorithm with its OID.
    byte[] pkcs1 = Arrays.copyOfRange(pkcs8, 4 + 3 + 15 + 4, pkcs8.length);

    assertThat(read(pem("RSA PRIVATE KEY", pkcs1))).isEqualTo(key);
    assertThat(read(pem("PRIVATE KEY", pkcs8))).isEqualTo(key);
  }

  @Test
  void ed25519IsRead() throws Exception {
    PrivateKey key = KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPrivate();
    assertThat(read(pem("PRIVATE KEY", key.getEncoded()))).isEqualTo(key);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "-----BEGIN CERTIFICATE-----~AAAA~-----END CERTIFICATE-----|BEGIN PRIVATE KEY",
        "-----BEGIN PRIVATE KEY-----~AAAA|BEGIN PRIVATE KEY",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----~AAAA~-----END ENCRYPTED PRIVATE KEY-----|it is"
            + " encrypted",
        "-----BEGIN RSA PRIVATE KEY-----~Proc-Type: 4,ENCRYPTED~DEK-Info: AES-128-CBC,A0~~AA~"
            + "-----END RSA PRIVATE KEY-----|it is encrypted",
        "-----BEGIN PRIVATE KEY-----~AAAA~-----END PRIVATE KEY-----|holds no RSA, EC or Ed25519"
            + " key",
        "-----BEGIN EC PRIVATE KEY-----~MAMCAQE=~-----END EC PRIVATE KEY-----|holds no RSA, EC or",
        "-----BEGIN EC PRIVATE KEY-----~MIQ=~-----END EC PRIVATE KEY-----|holds no RSA, EC or",
        "-----BEGIN RSA PRIVATE KEY-----~~-----END RSA PRIVATE KEY-----|holds no RSA, EC or"
            + " Ed25519",
      })
  void whatIsNoSuchKeyIsRefusedInWords(String lines, String part) {
    assertThatThrownBy(() -> read(lines.replace('~', '\n')))
        .isInstanceOf(AccessException.class)
        .hasMessageStartingWith("the key key.pem cannot be used: ")
        .hasMessageContaining(part);
  }
}
