package io.github.consistencydecoder.server.access;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where TLS material lies, all in PEM.
 *
 * @param certificate the service's certificate, followed by those that signed it
 * @param key the certificate's private key, PKCS#8, PKCS#1 or SEC1, not encrypted
 * @param clientAuthorities certificates that sign those of callers; if present, every caller has to
 *     show one
 */
public record TlsFiles(Path certificate, Path key, Optional<Path> clientAuthorities) {
  public TlsFiles {
    requireNonNull(certificate, "certificate");
    requireNonNull(key, "key");
    requireNonNull(clientAuthorities, "clientAuthorities");
  }
}
