package io.github.consistencydecoder.server.access;

import io.grpc.util.CertificateUtils;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;

/**
 * A certificate chain and its key, read from PEM and found to belong together and to be valid now.
 */
record Identity(X509Certificate[] chain, PrivateKey key) {
  /** More than any chain has. */
  static final int MOST_BYTES = 1 << 20;

  static Identity read(Path certificate, Path key) throws AccessException {
    byte[] chainBytes = FileLook.content("certificate", certificate, MOST_BYTES);
    byte[] keyBytes = FileLook.content("key", key, MOST_BYTES);
    FileLook.warnOfOthers("key", key);
    try {
      Identity identity =
          new Identity(
              CertificateUtils.getX509Certificates(new ByteArrayInputStream(chainBytes)),
              PemKey.read(key, keyBytes));
      if (identity.chain.length == 0) {
        throw new CertificateException("none");
      }
      if (!identity.belongTogether()) {
        throw new AccessException(
            "the certificate " + certificate + " and the key " + key + " do not belong together");
      }
      identity.chain[0].checkValidity();
      return identity;
    } catch (CertificateException e) {
      throw new AccessException(
          "the certificate " + certificate + " cannot be used: " + reason(e), e);
    } catch (GeneralSecurityException | RuntimeException e) {
      throw new AccessException(
          "the certificate "
              + certificate
              + " and the key "
              + key
              + " cannot be used together on this Java runtime",
          e);
    }
  }

  private static String reason(CertificateException e) {
    return e instanceof java.security.cert.CertificateExpiredException
        ? "it has expired"
        : e instanceof java.security.cert.CertificateNotYetValidException
            ? "it is not valid yet"
            : "a PEM file of a certificate chain is needed";
  }

  private boolean belongTogether() throws GeneralSecurityException {
    PublicKey shown = chain[0].getPublicKey();
    if (!shown.getAlgorithm().equals(key.getAlgorithm())) {
      return false;
    }
    String algorithm =
        switch (key.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> key.getAlgorithm();
        };
    byte[] message = {1, 2, 3};
    Signature signing = Signature.getInstance(algorithm);
    signing.initSign(key);
    signing.update(message);
    Signature checking = Signature.getInstance(algorithm);
    checking.initVerify(shown);
    checking.update(message);
    return checking.verify(signing.sign());
  }
}
