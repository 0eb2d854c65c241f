package io.github.consistencydecoder.testing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLContext;

/** Certificates that sign themselves, made by the JDK's keytool. */
public final class TestCertificates {
  private static final char[] PASSWORD = "changeit".toCharArray();
  private static final Base64.Encoder PEM =
      Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII));

  private TestCertificates() {}

  /** Files of a certificate and its key. */
  public record Pair(Path certificate, Path key) {
    /** Puts these in the place of others, as an operator renews a certificate. */
    public void replace(Pair others) throws IOException {
      Files.copy(key, others.key(), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      Files.copy(
          certificate, others.certificate(), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** A certificate for 127.0.0.1 with this common name, in files of that name. */
  public static Pair make(Path folder, String name) {
    try {
      Path store = folder.resolve(name + ".p12");
      keytool(store, name);
      KeyStore keys = KeyStore.getInstance("PKCS12");
      try (InputStream in = Files.newInputStream(store)) {
        keys.load(in, PASSWORD);
      }
      Pair pair = new Pair(folder.resolve(name + ".crt"), folder.resolve(name + ".key"));
      pem(pair.certificate(), "CERTIFICATE", keys.getCertificate(name).getEncoded());
      pem(pair.key(), "PRIVATE KEY", keys.getKey(name, PASSWORD).getEncoded());
      return pair;
    } catch (IOException | GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  /** Suites of TLS 1.2 that Java speaks with such certificates, those of CBC or the others. */
  public static String[] suites(boolean cbc) throws GeneralSecurityException {
    return Arrays.stream(SSLContext.getDefault().getSupportedSSLParameters().getCipherSuites())
        .filter(suite -> suite.startsWith("TLS_ECDHE_ECDSA_") && suite.contains("_CBC_") == cbc)
        .toArray(String[]::new);
  }

  private static void keytool(Path store, String name) throws IOException {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
            "-genkeypair",
            "-keyalg",
            "EC",
            "-groupname",
            "secp256r1",
            "-storetype",
            "PKCS12",
            "-keystore",
            store.toString(),
            "-storepass",
            new String(PASSWORD),
            "-alias",
            name,
            "-dname",
            "CN=" + name,
            "-ext",
            "san=ip:127.0.0.1,dns:localhost",
            "-validity",
            "30");
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (process.waitFor() != 0) {
        throw new IOException(said);
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private static void pem(Path file, String kind, byte[] content) throws IOException {
    Files.writeString(
        file,
        "-----BEGIN "
            + kind
            + "-----\n"
            + PEM.encodeToString(content)
            + "\n-----END "
            + kind
            + "-----\n");
  }
}
