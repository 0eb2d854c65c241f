package io.github.consistencydecoder.models.store.download;

import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import javax.net.ssl.SSLException;

/** Says in words why a connection failed; what the platform says about it is often nothing. */
final class ConnectionProblem {
  private ConnectionProblem() {}

  /** The failure to send a request. */
  static FetchException of(URI address, Throwable problem) {
    for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnknownHostException || cause instanceof UnresolvedAddressException) {
        return FetchException.unreachable(
            address, "cannot be found (no network, or no name service)", false, problem);
      }
    }
    if (problem instanceof HttpConnectTimeoutException) {
      return FetchException.unreachable(
          address, "does not accept a connection in time", true, problem);
    }
    if (problem instanceof ConnectException) {
      return FetchException.unreachable(
          address, "refuses the connection, or there is no way to it", true, problem);
    }
    if (problem instanceof SSLException) {
      return FetchException.refused(
          address, "cannot be spoken to securely: " + problem.getMessage(), problem);
    }
    return FetchException.passing(address, phrase(problem), problem);
  }

  /** The failure in the middle of a body, to follow the host's name. */
  static String phrase(Throwable problem) {
    return "breaks off: "
        + (problem.getMessage() == null ? problem.toString() : problem.getMessage());
  }
}
