package io.github.consistencydecoder.models.store.download;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/**
 * Settings of the network, from the environment and the system properties.
 *
 * <ul>
 *   <li>{@code CONSISTENCY_DECODER_MIRROR}: a base address that stands in for every host; the path
 *       of the published address is appended.
 *   <li>{@code HF_ENDPOINT}: the same for addresses of the model hub only.
 *   <li>Proxies: see {@link ProxyRules}.
 * </ul>
 */
public final class NetworkSettings {
  public static final String MIRROR = "CONSISTENCY_DECODER_MIRROR";
  static final String HUB_ENDPOINT = "HF_ENDPOINT";
  private static final String HUB_HOST = "huggingface.co";

  private final Optional<URI> mirror;
  private final Optional<URI> hubEndpoint;
  private final ProxyRules proxies;

  private NetworkSettings(Optional<URI> mirror, Optional<URI> hubEndpoint, ProxyRules proxies) {
    this.mirror = mirror;
    this.hubEndpoint = hubEndpoint;
    this.proxies = proxies;
  }

  /**
   * @throws SettingException if a setting cannot be understood
   */
  public static NetworkSettings of(Map<String, String> environment, Properties properties)
      throws SettingException {
    return new NetworkSettings(
        base(environment, MIRROR),
        base(environment, HUB_ENDPOINT),
        ProxyRules.of(environment, properties));
  }

  ProxyRules proxies() {
    return proxies;
  }

  /** The address to ask in place of a published one. */
  URI rewrite(URI published) {
    Optional<URI> base =
        mirror.isPresent()
            ? mirror
            : hubEndpoint.filter(endpoint -> HUB_HOST.equalsIgnoreCase(published.getHost()));
    return base.map(
            uri -> {
              String prefix = uri.toString();
              String query = published.getRawQuery() == null ? "" : "?" + published.getRawQuery();
              return URI.create(prefix.replaceAll("/+$", "") + published.getRawPath() + query);
            })
        .orElse(published);
  }

  private static Optional<URI> base(Map<String, String> environment, String variable)
      throws SettingException {
    String text = environment.getOrDefault(variable, "").strip();
    if (text.isEmpty()) {
      return Optional.empty();
    }
    try {
      URI uri = new URI(text);
      boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
      if (http && uri.getHost() != null && uri.getRawQuery() == null && uri.getFragment() == null) {
        return Optional.of(uri);
      }
    } catch (URISyntaxException e) {
      throw new SettingException(variable, text, "http(s)://host[:port][/path]", e);
    }
    throw new SettingException(variable, text, "http(s)://host[:port][/path]", null);
  }

  /** A setting of the environment cannot be understood. */
  static final class SettingException extends IOException {
    private static final long serialVersionUID = 1L;

    /**
     * @param cause may be null
     */
    SettingException(String setting, String found, String needed, Throwable cause) {
      super(setting + " is '" + found + "', needed " + needed, cause);
    }
  }
}
