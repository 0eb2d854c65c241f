package io.github.consistencydecoder.server.access;

import static java.util.Objects.requireNonNull;

import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.AdvancedTlsX509TrustManager;
import io.grpc.util.AdvancedTlsX509TrustManager.Verification;
import io.grpc.util.CertificateUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS material that follows its files: when they have changed, new connections use what is in them
 * now. As long as the new ones are unusable, or only one of certificate and key has been renewed,
 * the material before stays in place and the log says so.
 *
 * <p>Owns a thread that looks after the files. Safe for use by several threads. After {@link
 * #close()} the material stays as it is; closing again does nothing.
 */
public final class TlsMaterial implements AutoCloseable {
  /** How often the files are looked at unless said otherwise. */
  public static final Duration USUAL_PERIOD = Duration.ofSeconds(30);

  /** Names of cipher suites that are not offered: their padding has been attacked for long. */
  public static final String REFUSED_SUITES = ".*_CBC_.*";

  private static final Logger LOG = LoggerFactory.getLogger(TlsMaterial.class);

  private final TlsFiles files;
  private final AdvancedTlsX509KeyManager keyManager = new AdvancedTlsX509KeyManager();
  private final Optional<AdvancedTlsX509TrustManager> trustManager;
  private final SSLContext context;
  private final ScheduledExecutorService watcher =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "tls-files");
            thread.setDaemon(true);
            return thread;
          });
  private List<FileLook> looks = List.of();

  private TlsMaterial(TlsFiles files) throws GeneralSecurityException {
    this.files = files;
    this.trustManager =
        files.clientAuthorities().isEmpty()
            ? Optional.empty()
            : Optional.of(
                AdvancedTlsX509TrustManager.newBuilder()
                    .setVerification(Verification.CERTIFICATE_ONLY_VERIFICATION)
                    .build());
    this.context = SSLContext.getInstance("TLS");
    TrustManager[] trust = trustManager.map(t -> new TrustManager[] {t}).orElse(null);
    context.init(new KeyManager[] {keyManager}, trust, null);
  }

  /**
   * Reads the files and begins to look after them.
   *
   * @throws AccessException if they are not what they should be
   */
  public static TlsMaterial open(TlsFiles files, Duration period) throws AccessException {
    TlsMaterial material;
    try {
      material = new TlsMaterial(files);
    } catch (GeneralSecurityException e) {
      throw new AccessException("TLS cannot be set up on this Java runtime", e);
    }
    try {
      material.looks = material.look();
    } catch (IOException e) {
      // Reading them says which one.
    }
    try {
      material.read();
    } catch (AccessException e) {
      material.close();
      throw e;
    }
    var unused =
        material.watcher.scheduleWithFixedDelay(
            material::renew, period.toMillis(), period.toMillis(), TimeUnit.MILLISECONDS);
    return material;
  }

  private List<FileLook> look() throws IOException {
    List<FileLook> found = new ArrayList<>();
    found.add(FileLook.at(files.certificate()));
    found.add(FileLook.at(files.key()));
    if (files.clientAuthorities().isPresent()) {
      found.add(FileLook.at(files.clientAuthorities().get()));
    }
    return found;
  }

  private void read() throws AccessException {
    Identity identity = Identity.read(files.certificate(), files.key());
    if (trustManager.isPresent()) {
      Path authorities = files.clientAuthorities().orElseThrow();
      byte[] content = FileLook.content("client authorities", authorities, Identity.MOST_BYTES);
      try {
        X509Certificate[] certificates =
            CertificateUtils.getX509Certificates(new ByteArrayInputStream(content));
        if (certificates.length == 0) {
          throw new CertificateException("none");
        }
        trustManager.get().updateTrustCredentials(certificates);
      } catch (IOException | GeneralSecurityException | RuntimeException e) {
        throw new AccessException(
            "the client authorities "
                + authorities
                + " cannot be used: a PEM file of certificates is needed",
            e);
      }
    }
    keyManager.updateIdentityCredentials(identity.chain(), identity.key());
  }

  private void renew() {
    try {
      List<FileLook> now = look();
      if (now.equals(looks)) {
        return;
      }
      looks = now;
      read();
      LOG.info("the TLS material was read again");
    } catch (AccessException e) {
      LOG.warn("{}; the TLS material before stays in use", e.getMessage());
    } catch (IOException e) {
      LOG.warn("a file of the TLS material cannot be read; the material before stays in use", e);
    }
  }

  /** For a server that takes an SSL context whole. */
  public SSLContext context() {
    return context;
  }

  /** The service's own certificate and key. */
  public X509ExtendedKeyManager keyManager() {
    return keyManager;
  }

  /** Who signs callers' certificates; empty if callers need none. */
  public Optional<X509ExtendedTrustManager> trustManager() {
    return trustManager.map(t -> t);
  }

  /** Whether every caller has to show a certificate. */
  public boolean wantsClientCertificates() {
    return trustManager.isPresent();
  }

  @Override
  public void close() {
    watcher.shutdownNow();
  }

  /**
   * Where TLS material lies, all in PEM.
   *
   * @param certificate the service's certificate, followed by those that signed it
   * @param key the certificate's private key, PKCS#8, PKCS#1 or SEC1, not encrypted
   * @param clientAuthorities certificates that sign those of callers; if present, every caller has
   *     to show one
   */
  public record TlsFiles(Path certificate, Path key, Optional<Path> clientAuthorities) {
    public TlsFiles {
      requireNonNull(certificate, "certificate");
      requireNonNull(key, "key");
      requireNonNull(clientAuthorities, "clientAuthorities");
    }
  }

  /**
   * A certificate chain and its key, read from PEM and found to belong together and to be valid
   * now.
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
            "the certificate %s and the key %s cannot be used together on this Java runtime"
                .formatted(certificate, key),
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
}
