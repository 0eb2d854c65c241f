package io.github.consistencydecoder.server.http;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.unixdomain.server.UnixDomainServerConnector;

/**
 * Keeps web pages of other origins out. A browser sends their requests from inside the network, in
 * two ways: under its own name, which {@code Origin} and {@code Sec-Fetch-Site} tell; or after its
 * name has been pointed at this server (DNS rebinding), which {@code Host} tells. A host that is an
 * IP address was not found by a name, so it cannot have been rebound; probes send such hosts.
 */
final class OriginRule {
  /** Stands for every name. */
  static final String ANY = "*";

  private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");
  private static final Pattern IPV6 = Pattern.compile("\\[[0-9a-f:.]+(%[0-9a-z._~-]+)?]");
  private static final Pattern PORT = Pattern.compile(":\\d*$");

  private final Set<String> names;

  /**
   * @param names that callers may use beside {@code localhost} and IP addresses, in lower case;
   *     {@code *.name} is for all below that name, {@value #ANY} for all
   */
  OriginRule(Set<String> names) {
    this.names = Set.copyOf(names);
  }

  /** A sentence if a request must not be served. */
  Optional<String> refusal(Request request) {
    HttpFields headers = request.getHeaders();
    String host = host(request);
    boolean network =
        !(request.getConnectionMetaData().getConnector() instanceof UnixDomainServerConnector);
    if (network && !names(host)) {
      return Optional.of(
          "the Host '"
              + RemoteQuery.echo(host)
              + "' is none of this service's: localhost, an IP address, or a name that serve was"
              + " given with --host or --allow-host is needed");
    }
    String site = headers.get("Sec-Fetch-Site");
    if (site != null && !site.equals("same-origin") && !site.equals("none") && !isVisit(request)) {
      return Optional.of(
          "Sec-Fetch-Site is '"
              + RemoteQuery.echo(site)
              + "', same-origin or none is needed: web pages of other origins may not call");
    }
    for (HttpField field : headers.getFields(HttpHeader.ORIGIN)) {
      if (!isOf(field.getValue(), host)) {
        return Optional.of(
            ("the Origin '%s' is not that of the Host '%s': web pages of other origins may"
                    + " not call, and a proxy has to pass the Host on")
                .formatted(RemoteQuery.echo(field.getValue()), RemoteQuery.echo(host)));
      }
    }
    return Optional.empty();
  }

  /** Empty if the client says none, which no browser does. */
  private static String host(Request request) {
    String header = request.getHeaders().get(HttpHeader.HOST);
    String host = header != null ? header : request.getHttpURI().getAuthority();
    return host == null ? "" : host.strip().toLowerCase(Locale.ROOT);
  }

  private boolean names(String host) {
    String name = PORT.matcher(host).replaceFirst("");
    name = name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    if (name.isEmpty() || name.equals("localhost") || names.contains(ANY)) {
      return true;
    }
    if (IPV4.matcher(name).matches() || IPV6.matcher(name).matches() || names.contains(name)) {
      return true;
    }
    for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      if (names.contains("*" + name.substring(dot))) {
        return true;
      }
    }
    return false;
  }

  /** A link on another page may lead here; what it shows, that page cannot read. */
  private static boolean isVisit(Request request) {
    HttpFields headers = request.getHeaders();
    return request.getMethod().equals("GET")
        && "navigate".equals(headers.get("Sec-Fetch-Mode"))
        && "document".equals(headers.get("Sec-Fetch-Dest"));
  }

  private static boolean isOf(String origin, String host) {
    String given = origin == null ? "" : origin.toLowerCase(Locale.ROOT);
    return given.equals("http://" + (host.endsWith(":80") ? without(host, ":80") : host))
        || given.equals("https://" + (host.endsWith(":443") ? without(host, ":443") : host));
  }

  private static String without(String host, String port) {
    return host.substring(0, host.length() - port.length());
  }
}
