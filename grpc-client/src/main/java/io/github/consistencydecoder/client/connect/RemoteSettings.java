package io.github.consistencydecoder.client.connect;

import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A configuration, read and checked. Immutable. */
public final class RemoteSettings {
  /** Key: where the service is. */
  public static final String TARGET = "target";

  /** Key: how long a call may take. */
  public static final String TIMEOUT = "timeout";

  /** Key: file with the service's token. */
  public static final String TOKEN_FILE = "token-file";

  /** Key: certificates of authorities that the service's certificate may be from. */
  public static final String TLS_CA = "tls-ca";

  /** Key: our own certificate. */
  public static final String TLS_CERT = "tls-cert";

  /** Key: its key. */
  public static final String TLS_KEY = "tls-key";

  /** Key: whether calls go unencrypted. */
  public static final String PLAINTEXT = "plaintext";

  /** Where {@code serve} listens if it is not told otherwise. */
  private static final String USUAL_TARGET = "127.0.0.1:8001";

  /** What a service allows a call at most if it is not told otherwise. */
  private static final Duration USUAL_TIMEOUT = Duration.ofMinutes(15);

  private static final Duration LONGEST_TIMEOUT = Duration.ofDays(365);

  private static final Pattern TIME = Pattern.compile("([0-9]{1,9})(ms|s|m|h)");

  private static final Set<String> KEYS =
      new TreeSet<>(
          List.of(
              DecoderConfig.MODEL,
              TARGET,
              TIMEOUT,
              TOKEN_FILE,
              TLS_CA,
              TLS_CERT,
              TLS_KEY,
              PLAINTEXT));

  final Target target;
  final String model;
  final Duration timeout;
  final Optional<Path> tokenFile;
  final Optional<Path> tlsAuthorities;
  final Optional<Path> tlsCertificate;
  final Optional<Path> tlsKey;
  final boolean encrypted;

  private RemoteSettings(DecoderConfig config) {
    this.target = Target.parse(config.get(TARGET).orElse(USUAL_TARGET));
    this.model = config.get(DecoderConfig.MODEL).orElse("");
    this.timeout = config.get(TIMEOUT).map(RemoteSettings::time).orElse(USUAL_TIMEOUT);
    this.tokenFile = config.get(TOKEN_FILE).map(Path::of);
    this.tlsAuthorities = config.get(TLS_CA).map(Path::of);
    this.tlsCertificate = config.get(TLS_CERT).map(Path::of);
    this.tlsKey = config.get(TLS_KEY).map(Path::of);
    this.encrypted = encrypted(config.get(PLAINTEXT));
  }

  /**
   * Reads a configuration.
   *
   * @param thing what is being opened, for messages: {@code the remote decoder}
   * @throws DecoderException {@link DecoderErrorCode#INVALID_OPTIONS} naming the key that is
   *     unknown or the value that is invalid
   */
  public static RemoteSettings of(DecoderConfig config, String thing) {
    for (String key : config.asMap().keySet()) {
      if (key.equals(DecoderConfig.MEMORY)) {
        throw invalid(
            "setting 'memory' is the service's own: 'serve --memory' limits what decodes take"
                + " there; leave it out, "
                + thing
                + " holds a request and its answer and nothing that could be limited");
      }
      if (!KEYS.contains(key)) {
        throw invalid(
            ("setting '%s' is unknown; %s has %s; what a model runs on is set where the"
                    + " service is started")
                .formatted(key, thing, String.join(", ", KEYS)));
      }
    }
    return new RemoteSettings(config);
  }

  private static Duration time(String text) {
    Matcher found = TIME.matcher(text);
    if (found.matches()) {
      long number = Long.parseLong(found.group(1));
      Duration time =
          switch (found.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            default -> Duration.ofHours(number);
          };
      if (!time.isZero() && time.compareTo(LONGEST_TIMEOUT) <= 0) {
        return time;
      }
    }
    throw invalid(
        "timeout '"
            + text
            + "': a time of at most a year with its unit is needed, such as 90s or 15m");
  }

  private boolean encrypted(Optional<String> plaintext) {
    boolean material =
        tlsAuthorities.isPresent() || tlsCertificate.isPresent() || tlsKey.isPresent();
    if (tlsCertificate.isPresent() != tlsKey.isPresent()) {
      throw invalid("tls-cert and tls-key go together; only one of them was given");
    }
    boolean open = plaintext.map(RemoteSettings::yes).orElse(!material && target.onThisMachine());
    if (open && material) {
      throw invalid("plaintext 'yes' and TLS files exclude each other; leave one of them out");
    }
    if (!open && target.unixSockets()) {
      throw invalid("target '" + target.name() + "': a Unix socket has no TLS; leave it out");
    }
    return !open;
  }

  private static boolean yes(String word) {
    return switch (word) {
      case "yes" -> true;
      case "no" -> false;
      default -> throw invalid("plaintext '" + word + "': yes or no is needed");
    };
  }

  private static DecoderException invalid(String message) {
    return new DecoderException(DecoderErrorCode.INVALID_OPTIONS, message);
  }

  /** Where the service is, for messages. */
  public String place() {
    return target.name();
  }

  /** Name of a model on the wire; empty for the service's first. */
  public String model() {
    return model;
  }

  /** How long a call may take, waiting and further attempts included. */
  public Duration timeout() {
    return timeout;
  }

  /** Whether there is a token to send. */
  public boolean hasToken() {
    return tokenFile.isPresent();
  }

  /** Whether calls are encrypted. */
  public boolean encrypted() {
    return encrypted;
  }
}
