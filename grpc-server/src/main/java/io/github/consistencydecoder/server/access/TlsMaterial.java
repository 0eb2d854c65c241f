package io.github.consistencydecoder.server.access;

import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.AdvancedTlsX509TrustManager;
import io.grpc.util.AdvancedTlsX509TrustManager.Verification;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * TLS material that follows its files: when they have changed, new connections use what is in them
 * now. A file that is unusable then leaves the material before in place.
 *
 * <p>Owns a thread that looks after the files. Safe for use by several threads. After {@link
 * #close()} the material stays as it is; closing again does nothing.
 */
public final class TlsMaterial implements AutoCloseable {
  /** How often the files are looked at unless said otherwise. */
  public static final Duration USUAL_PERIOD = Duration.ofSeconds(30);

  private final ScheduledExecutorService watcher;
  private final AdvancedTlsX509KeyManager keyManager;
  private final Optional<AdvancedTlsX509TrustManager> trustManager;
  private final SSLContext context;

  private TlsMaterial(
      ScheduledExecutorService watcher,
      AdvancedTlsX509KeyManager keyManager,
      Optional<AdvancedTlsX509TrustManager> trustManager)
      throws GeneralSecurityException {
    this.watcher = watcher;
    this.keyManager = keyManager;
    this.trustManager = trustManager;
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
    ScheduledExecutorService watcher =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "tls-files");
              thread.setDaemon(true);
              return thread;
            });
    try {
      AdvancedTlsX509KeyManager keys = keys(files, period, watcher);
      Optional<AdvancedTlsX509TrustManager> trust = Optional.empty();
      if (files.clientAuthorities().isPresent()) {
        trust = Optional.of(trust(files.clientAuthorities().get(), period, watcher));
      }
      return new TlsMaterial(watcher, keys, trust);
    } catch (GeneralSecurityException e) {
      watcher.shutdownNow();
      throw new AccessException("TLS cannot be set up on this Java runtime", e);
    } catch (AccessException e) {
      watcher.shutdownNow();
      throw e;
    }
  }

  private static AdvancedTlsX509KeyManager keys(
      TlsFiles files, Duration period, ScheduledExecutorService watcher) throws AccessException {
    AdvancedTlsX509KeyManager keys = new AdvancedTlsX509KeyManager();
    try {
      keys.updateIdentityCredentials(
          files.certificate().toFile(),
          files.key().toFile(),
          period.toMillis(),
          TimeUnit.MILLISECONDS,
          watcher);
      return keys;
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      throw new AccessException(
          "the certificate "
              + files.certificate()
              + " and the key "
              + files.key()
              + " cannot be used: PEM files of a certificate chain and of an unencrypted PKCS#8 key"
              + " are needed",
          e);
    }
  }

  private static AdvancedTlsX509TrustManager trust(
      Path authorities, Duration period, ScheduledExecutorService watcher) throws AccessException {
    try {
      AdvancedTlsX509TrustManager trust =
          AdvancedTlsX509TrustManager.newBuilder()
              .setVerification(Verification.CERTIFICATE_ONLY_VERIFICATION)
              .build();
      trust.updateTrustCredentials(
          authorities.toFile(), period.toMillis(), TimeUnit.MILLISECONDS, watcher);
      return trust;
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      throw new AccessException(
          "the client authorities "
              + authorities
              + " cannot be used: a PEM file of certificates is needed",
          e);
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
}
