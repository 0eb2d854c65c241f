package io.github.consistencydecoder.server.access;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * Beyond this machine the service listens only with TLS and, besides, a token or client
 * certificates, unless an operator says in words that it shall be open.
 */
public final class ListeningRule {
  private ListeningRule() {}

  /**
   * @param address where to listen
   * @param tls whether connections are encrypted
   * @param token whether callers need a token
   * @param clientCertificates whether callers need a certificate
   * @param openAllowed whether an operator has said that anybody may call
   * @throws AccessException if it must not be
   */
  public static void check(
      InetSocketAddress address,
      boolean tls,
      boolean token,
      boolean clientCertificates,
      boolean openAllowed)
      throws AccessException {
    InetAddress host = address.getAddress();
    if (host == null) {
      throw new AccessException("the host " + address.getHostString() + " is not known here");
    }
    boolean guarded = tls && (token || clientCertificates);
    if (host.isLoopbackAddress() || guarded || openAllowed) {
      return;
    }
    throw new AccessException(
        ("listening on %s lets others in over the network, %s: give a certificate and a"
                + " key, and a token file or client authorities; or listen on 127.0.0.1; or say"
                + " in words that the service shall be open")
            .formatted(
                host.getHostAddress(),
                tls ? "and callers would need neither a token nor a certificate" : "without TLS"));
  }
}
