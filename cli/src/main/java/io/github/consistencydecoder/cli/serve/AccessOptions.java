package io.github.consistencydecoder.cli.serve;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.server.SidecarConfig;
import io.github.consistencydecoder.server.access.TlsMaterial.TlsFiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options for access: tokens, TLS, host names. */
final class AccessOptions {
  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description = "Callers need the token in this file; it may change while the server runs.")
  private Path token;

  @Option(
      names = "--tls-cert",
      paramLabel = "FILE",
      description = "Certificate chain, PEM; with --tls-key both ports are encrypted.")
  private Path certificate;

  @Option(
      names = "--tls-key",
      paramLabel = "FILE",
      description = "Its key, PEM: PKCS#8, PKCS#1 or SEC1.")
  private Path key;

  @Option(
      names = "--tls-client-ca",
      paramLabel = "FILE",
      description = "Callers need a certificate that one of these has signed, PEM.")
  private Path clientAuthorities;

  @Option(
      names = "--anyone-on-the-network-may-call",
      description = {
        "Listen beyond this machine without TLS, or with it but without token and client",
        "certificates. Without these words that is refused."
      })
  private boolean open;

  @Option(
      names = "--allow-host",
      paramLabel = "NAME",
      description = {
        "Name by which callers reach HTTP, beside localhost, IP addresses and --host; repeatable.",
        "*.NAME allows all below it, * all. Others are refused: web pages could use them."
      })
  private List<String> allowedHosts = new ArrayList<>();

  @Option(
      names = {"--metrics-without-token", "--open-metrics"},
      description = "Show /metrics to callers without the token.")
  private boolean openMetrics;

  @Option(
      names = "--introspection",
      negatable = true,
      description = {"gRPC reflection and channelz. Default: on this machine yes, beyond it no."})
  private Boolean introspection;

  void addTo(SidecarConfig config) {
    if ((certificate == null) != (key == null)) {
      throw new CliException(ExitCode.USAGE, "--tls-cert and --tls-key belong together");
    }
    if (clientAuthorities != null && certificate == null) {
      throw new CliException(ExitCode.USAGE, "--tls-client-ca needs --tls-cert and --tls-key");
    }
    if (certificate != null) {
      config.tls(new TlsFiles(certificate, key, Optional.ofNullable(clientAuthorities)));
    }
    if (token != null) {
      config.token(token);
    }
    if (introspection != null) {
      config.introspection(introspection);
    }
    try {
      allowedHosts.forEach(config::allowHost);
    } catch (IllegalArgumentException e) {
      throw new CliException(ExitCode.USAGE, "--allow-host: " + e.getMessage(), e);
    }
    config.openAllowed(open).metricsOpen(openMetrics);
  }

  boolean encrypted() {
    return certificate != null;
  }
}
