package io.github.consistencydecoder.client;

import io.github.consistencydecoder.client.connect.RemoteSettings;
import io.github.consistencydecoder.client.connect.ServiceConnection;
import io.github.consistencydecoder.plugin.Availability;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentDecoderProvider;

/**
 * Opens decoders that work on a decode service ({@code consistency-decoder serve}).
 *
 * <p>Configuration:
 *
 * <ul>
 *   <li>{@value #TARGET}: {@code host:port} (default {@code 127.0.0.1:8001}), {@code unix:path},
 *       several of one kind separated by commas, or a target of gRPC's own such as {@code
 *       xds:///decoder}. Calls go in turn to those of several servers that say they serve.
 *   <li>{@link DecoderConfig#MODEL}: name of a model on the service (default: its first).
 *   <li>{@value #TIMEOUT}: how long a call may take, further attempts included, such as {@code 90s}
 *       (default {@code 15m}).
 *   <li>{@value #TOKEN_FILE}: file with the service's token, read for each call.
 *   <li>{@value #TLS_CA}, {@value #TLS_CERT}, {@value #TLS_KEY}: PEM files with the authorities to
 *       trust (default: those of Java), our own certificate and its key.
 *   <li>{@value #PLAINTEXT}: {@code yes} or {@code no}; otherwise calls go unencrypted to this
 *       machine, where no TLS file is named, and encrypted everywhere else.
 * </ul>
 */
public final class RemoteDecoderProvider implements LatentDecoderProvider {
  /** Name of this provider. */
  public static final String NAME = "remote";

  /** Key: where the service is. */
  public static final String TARGET = RemoteSettings.TARGET;

  /** Key: how long a call may take. */
  public static final String TIMEOUT = RemoteSettings.TIMEOUT;

  /** Key: file with the service's token. */
  public static final String TOKEN_FILE = RemoteSettings.TOKEN_FILE;

  /** Key: certificates of authorities that the service's certificate may be from. */
  public static final String TLS_CA = RemoteSettings.TLS_CA;

  /** Key: our own certificate. */
  public static final String TLS_CERT = RemoteSettings.TLS_CERT;

  /** Key: its key. */
  public static final String TLS_KEY = RemoteSettings.TLS_KEY;

  /** Key: whether calls go unencrypted. */
  public static final String PLAINTEXT = RemoteSettings.PLAINTEXT;

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Availability availability() {
    return new Availability(true, "decodes on a service, 'target' says where");
  }

  @Override
  public LatentDecoder open(DecoderConfig config) {
    RemoteSettings settings = RemoteSettings.of(config, "the remote decoder");
    return new RemoteDecoder(RemoteModel.open(settings, ServiceConnection.open(settings), false));
  }
}
