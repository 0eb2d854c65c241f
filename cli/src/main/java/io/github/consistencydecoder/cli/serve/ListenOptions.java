package io.github.consistencydecoder.cli.serve;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.server.SidecarConfig;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Options for the sidecar's ports and sockets. */
final class ListenOptions {
  private static final String NONE = "none";

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1",
      description = "Where both ports listen. Default: ${DEFAULT-VALUE}, this machine alone.")
  private String host;

  @Option(
      names = "--grpc-port",
      paramLabel = "PORT|none",
      defaultValue = "8001",
      description = "Of gRPC; 0 for any that is free. Default: ${DEFAULT-VALUE}.")
  private String grpcPort;

  @Option(
      names = "--http-port",
      paramLabel = "PORT|none",
      defaultValue = "8000",
      description = "Of HTTP; 0 for any that is free. Default: ${DEFAULT-VALUE}.")
  private String httpPort;

  @Option(
      names = "--socket",
      paramLabel = "PATH",
      description =
          "Unix socket for gRPC, in a folder of its owner alone, which is made if needed.")
  private Path grpcSocket;

  @Option(
      names = "--http-socket",
      paramLabel = "PATH",
      description = "Unix socket for HTTP, likewise.")
  private Path httpSocket;

  void addTo(SidecarConfig config) {
    if (!grpcPort.equals(NONE)) {
      config.grpc(address("--grpc-port", grpcPort));
    }
    if (!httpPort.equals(NONE)) {
      config.http(address("--http-port", httpPort));
    }
    if (!host.isEmpty() && !host.contains(":")) {
      config.allowHost(host);
    }
    if (grpcSocket != null) {
      config.grpcSocket(grpcSocket.toAbsolutePath());
    }
    if (httpSocket != null) {
      config.httpSocket(httpSocket.toAbsolutePath());
    }
    if (grpcPort.equals(NONE)
        && httpPort.equals(NONE)
        && grpcSocket == null
        && httpSocket == null) {
      throw usage("no port and no socket is left to listen on");
    }
  }

  private InetSocketAddress address(String option, String text) {
    int port;
    try {
      port = Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw usage(option + " " + text + ": a number from 0 to 65535, or none, is needed");
    }
    if (port < 0 || port > 65_535) {
      throw usage(option + " " + text + ": a number from 0 to 65535, or none, is needed");
    }
    try {
      return new InetSocketAddress(InetAddress.getByName(host), port);
    } catch (UnknownHostException e) {
      throw usage("--host " + host + ": there is no such address");
    }
  }

  /** The host as an address of a browser has it. */
  String inAddress() {
    return host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host;
  }

  Path grpcSocket() {
    return grpcSocket;
  }

  Path httpSocket() {
    return httpSocket;
  }

  private static CliException usage(String message) {
    return new CliException(ExitCode.USAGE, message);
  }
}
