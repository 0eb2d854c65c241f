package io.github.consistencydecoder.models.store.download;

import java.io.IOException;
import java.net.Authenticator;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/**
 * Chooses the proxy for an address. For {@code https} addresses, first match wins:
 *
 * <ol>
 *   <li>the system properties {@code https.proxyHost}, {@code https.proxyPort}, with {@code
 *       http.nonProxyHosts};
 *   <li>the variables {@code https_proxy}, {@code HTTPS_PROXY}, {@code all_proxy}, {@code
 *       ALL_PROXY}, with {@code no_proxy} or {@code NO_PROXY};
 *   <li>none.
 * </ol>
 *
 * For {@code http} addresses the names begin with {@code http} instead. A variable reads {@code
 * [http://][user:password@]host[:port]}.
 */
final class ProxyRules {
  private static final String FORM = "[http://][user:password@]host[:port]";
  private static final String NEVER_PROXIED = "localhost|127.*|[::1]|0.0.0.0|[::0]";

  private final Map<String, String> environment;
  private final Properties properties;

  private ProxyRules(Map<String, String> environment, Properties properties) {
    this.environment = Map.copyOf(environment);
    this.properties = new Properties();
    this.properties.putAll(properties);
  }

  /** A proxy to go through; credentials are null where none are set. */
  record Via(String host, int port, PasswordAuthentication credentials) {}

  /**
   * @throws NetworkSettings.SettingException if a proxy's address cannot be understood
   */
  static ProxyRules of(Map<String, String> environment, Properties properties)
      throws NetworkSettings.SettingException {
    ProxyRules rules = new ProxyRules(environment, properties);
    // Both are read once, so that a mistake shows before anything is tried.
    rules.configured("https");
    rules.configured("http");
    return rules;
  }

  /** The proxy for an address, if one is to be used. */
  Optional<Via> via(URI address) {
    String scheme = address.getScheme();
    String host = address.getHost().toLowerCase(Locale.ROOT);
    boolean direct =
        property(scheme + ".proxyHost").isEmpty()
            ? variableExcludes(host, port(address))
            : propertyExcludes(host);
    return direct ? Optional.empty() : checked(scheme);
  }

  private Optional<Via> checked(String scheme) {
    try {
      return configured(scheme);
    } catch (NetworkSettings.SettingException e) {
      throw new IllegalStateException("checked when the rules were made", e);
    }
  }

  ProxySelector selector() {
    return new ProxySelector() {
      @Override
      public List<Proxy> select(URI uri) {
        return List.of(
            via(uri)
                .map(
                    via ->
                        new Proxy(Proxy.Type.HTTP, new InetSocketAddress(via.host(), via.port())))
                .orElse(Proxy.NO_PROXY));
      }

      @Override
      public void connectFailed(URI uri, SocketAddress address, IOException cause) {
        // The failure reaches the download, which reports it.
      }
    };
  }

  /**
   * Answers a proxy's question for credentials, and nobody else's. Empty where no proxy has any:
   * with an authenticator the client takes a server's refusal for a broken answer.
   */
  Optional<Authenticator> authenticator() {
    return hasCredentials("https") || hasCredentials("http")
        ? Optional.of(credentialsByAddress())
        : Optional.empty();
  }

  private boolean hasCredentials(String scheme) {
    return checked(scheme).map(Via::credentials).isPresent();
  }

  private Authenticator credentialsByAddress() {
    return new Authenticator() {
      @Override
      protected PasswordAuthentication getPasswordAuthentication() {
        if (getRequestorType() != RequestorType.PROXY || getRequestingURL() == null) {
          return null;
        }
        return via(URI.create(getRequestingURL().toString())).map(Via::credentials).orElse(null);
      }
    };
  }

  private Optional<Via> configured(String scheme) throws NetworkSettings.SettingException {
    String host = property(scheme + ".proxyHost");
    if (!host.isEmpty()) {
      String port = property(scheme + ".proxyPort");
      return Optional.of(
          new Via(host, port.isEmpty() ? standardPort(scheme) : number(scheme, port), null));
    }
    for (String name : List.of(scheme + "_proxy", "all_proxy")) {
      for (String variable : List.of(name, name.toUpperCase(Locale.ROOT))) {
        String text = variable(variable);
        if (!text.isEmpty()) {
          return Optional.of(parse(variable, text));
        }
      }
    }
    return Optional.empty();
  }

  private static Via parse(String variable, String text) throws NetworkSettings.SettingException {
    try {
      URI uri = new URI(text.contains("://") ? text : "http://" + text);
      if ("http".equals(uri.getScheme()) && uri.getHost() != null) {
        int port = uri.getPort() < 0 ? 80 : uri.getPort();
        return new Via(uri.getHost(), port, credentials(uri.getRawUserInfo()));
      }
    } catch (URISyntaxException e) {
      throw new NetworkSettings.SettingException(variable, withoutSecret(text), FORM, e);
    }
    throw new NetworkSettings.SettingException(variable, withoutSecret(text), FORM, null);
  }

  private static String withoutSecret(String text) {
    int at = text.lastIndexOf('@');
    return at < 0 ? text : "***" + text.substring(at);
  }

  private static PasswordAuthentication credentials(String userInfo) {
    if (userInfo == null) {
      return null;
    }
    int colon = userInfo.indexOf(':');
    String user = colon < 0 ? userInfo : userInfo.substring(0, colon);
    String password = colon < 0 ? "" : userInfo.substring(colon + 1);
    return new PasswordAuthentication(decoded(user), decoded(password).toCharArray());
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  private static int number(String scheme, String port) throws NetworkSettings.SettingException {
    try {
      int number = Integer.parseInt(port);
      if (number > 0 && number < 65536) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw new NetworkSettings.SettingException(
          scheme + ".proxyPort", port, "a port, 1 to 65535", e);
    }
    throw new NetworkSettings.SettingException(
        scheme + ".proxyPort", port, "a port, 1 to 65535", null);
  }

  /** Patterns divided by bars, a star at either end stands for anything. */
  private boolean propertyExcludes(String host) {
    String patterns = properties.getProperty("http.nonProxyHosts", NEVER_PROXIED);
    for (String pattern : patterns.toLowerCase(Locale.ROOT).split("\\|", -1)) {
      boolean open = pattern.startsWith("*");
      boolean ending = pattern.length() > 1 && pattern.endsWith("*");
      String core = pattern.substring(open ? 1 : 0, pattern.length() - (ending ? 1 : 0));
      boolean matches =
          open
              ? (ending ? host.contains(core) : host.endsWith(core))
              : (ending ? host.startsWith(core) : host.equals(core));
      if (matches && !pattern.isBlank()) {
        return true;
      }
    }
    return false;
  }

  /** Host names divided by commas, each with its subdomains; a star alone excludes everything. */
  private boolean variableExcludes(String host, int port) {
    String lower = variable("no_proxy");
    String list = lower.isEmpty() ? variable("NO_PROXY") : lower;
    for (String item : list.toLowerCase(Locale.ROOT).split(",", -1)) {
      String name = item.strip().replaceFirst("^\\*?\\.", "");
      if (name.equals("*")) {
        return true;
      }
      int colon = name.lastIndexOf(':');
      boolean hasPort = colon > 0 && name.indexOf(':') == colon;
      if (hasPort && !name.substring(colon + 1).equals(Integer.toString(port))) {
        continue;
      }
      String bare = hasPort ? name.substring(0, colon) : name;
      if (!bare.isEmpty() && (host.equals(bare) || host.endsWith("." + bare))) {
        return true;
      }
    }
    return false;
  }

  private static int port(URI address) {
    return address.getPort() >= 0 ? address.getPort() : standardPort(address.getScheme());
  }

  private static int standardPort(String scheme) {
    return scheme.equals("https") ? 443 : 80;
  }

  private String property(String name) {
    return properties.getProperty(name, "").strip();
  }

  private String variable(String name) {
    return environment.getOrDefault(name, "").strip();
  }
}
