package io.github.consistencydecoder.client;

import io.github.consistencydecoder.client.connect.RemoteSettings;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import javax.net.ssl.SSLException;

/**
 * The ends of calls in the words of the plugin contract. What is wrong with a request is said in
 * the service's own sentence, as a decoder in this process would say it.
 */
final class Failures {
  private static final String TOO_LONG = "MESSAGE_TOO_LONG";

  /** gRPC's words for a message over the limit that we have set. */
  private static final String OUR_LIMIT = "exceeds maximum size";

  private final RemoteSettings settings;

  Failures(RemoteSettings settings) {
    this.settings = settings;
  }

  /** What the caller hears. */
  DecoderException of(CallKind kind, StatusRuntimeException e) {
    StatusDetails details = StatusDetails.of(e);
    return switch (details.status().getCode()) {
      case INVALID_ARGUMENT -> invalid(kind, details, e);
      case NOT_FOUND -> missing(details, e);
      case UNIMPLEMENTED -> unimplemented(kind, details, e);
      case UNAVAILABLE -> away(details, e);
      case RESOURCE_EXHAUSTED -> exhausted(kind, details, e);
      case DEADLINE_EXCEEDED -> late(kind, details, e);
      case UNAUTHENTICATED, PERMISSION_DENIED -> refused(details, e);
      case CANCELLED ->
          failure(
              DecoderErrorCode.DEVICE_UNAVAILABLE,
              "the service at " + place() + " broke " + kind.noun() + " off; try again",
              e);
      case INTERNAL, UNKNOWN, DATA_LOSS, ABORTED ->
          failure(
              DecoderErrorCode.RUNTIME_FAILED,
              "the service at "
                  + place()
                  + " failed: "
                  + details.sentence()
                  + "; its log says more",
              e);
      case OK, FAILED_PRECONDITION, OUT_OF_RANGE, ALREADY_EXISTS ->
          failure(
              DecoderErrorCode.RUNTIME_FAILED,
              "the service at "
                  + place()
                  + " answered "
                  + details.status().getCode()
                  + ", which a decode service does not: "
                  + details.sentence()
                  + "; it may be of another version",
              e);
    };
  }

  private static DecoderException invalid(
      CallKind kind, StatusDetails details, StatusRuntimeException e) {
    String field = details.field().orElse("");
    DecoderErrorCode code;
    if (field.isEmpty()) {
      code = kind.invalid();
    } else if (field.startsWith("latents")) {
      code = DecoderErrorCode.INVALID_LATENTS;
    } else if (field.matches("(pictures|tensor|file)([.\\[].*)?")) {
      code = DecoderErrorCode.INVALID_PIXELS;
    } else {
      code = DecoderErrorCode.INVALID_OPTIONS;
    }
    return failure(code, details.sentence(), e);
  }

  private DecoderException missing(StatusDetails details, StatusRuntimeException e) {
    return failure(
        DecoderErrorCode.MODEL_MISSING,
        "model '" + settings.model() + "' is not served at " + place() + ": " + details.sentence(),
        e);
  }

  private DecoderException unimplemented(
      CallKind kind, StatusDetails details, StatusRuntimeException e) {
    if (kind == CallKind.ENCODE && details.reason().isPresent()) {
      return failure(DecoderErrorCode.MODEL_UNSUPPORTED, details.sentence(), e);
    }
    return failure(
        DecoderErrorCode.DEVICE_UNAVAILABLE,
        "what answers at "
            + place()
            + " is another program than a decode service, or one of another version: it does not"
            + " know "
            + kind.noun()
            + " of consistencydecoder.v1",
        e);
  }

  private DecoderException away(StatusDetails details, StatusRuntimeException e) {
    if (details.reason().isPresent()) {
      return failure(
          DecoderErrorCode.DEVICE_UNAVAILABLE,
          "the service at "
              + place()
              + " is not ready: "
              + details.sentence()
              + "; try again when it is",
          e);
    }
    Throwable root = e;
    boolean handshake = false;
    while (root.getCause() != null && root.getCause() != root) {
      root = root.getCause();
      handshake |= root instanceof SSLException;
    }
    String why = details.sentence();
    if (root != e && root.getMessage() != null && !why.contains(root.getMessage())) {
      why += ": " + root.getMessage();
    }
    return failure(
        DecoderErrorCode.DEVICE_UNAVAILABLE,
        handshake
            ? "no encrypted connection to the service at "
                + place()
                + " ("
                + why
                + "); tls-ca names the authorities to trust, plaintext 'yes' is for a service"
                + " without TLS"
            : "no decode service can be reached at "
                + place()
                + " ("
                + why
                + "); start one with 'consistency-decoder serve', or correct target"
                + (settings.encrypted() ? "" : "; if it has TLS, name tls-ca"),
        e);
  }

  private DecoderException exhausted(
      CallKind kind, StatusDetails details, StatusRuntimeException e) {
    if (details.reason().filter(TOO_LONG::equals).isPresent()) {
      return failure(
          kind.invalid(), details.sentence() + "; send fewer or smaller pictures at a time", e);
    }
    if (details.reason().isEmpty() && details.sentence().contains(OUR_LIMIT)) {
      return failure(
          DecoderErrorCode.RUNTIME_FAILED,
          "the service at " + place() + " sent more than was asked for: " + details.sentence(),
          e);
    }
    return failure(
        DecoderErrorCode.BUSY,
        "the service at "
            + place()
            + " has too much to do: "
            + details.sentence()
            + "; try again later, or raise timeout",
        e);
  }

  private DecoderException late(CallKind kind, StatusDetails details, StatusRuntimeException e) {
    String who = details.reason().isPresent() ? " (" + details.sentence() + ")" : "";
    return failure(
        DecoderErrorCode.BUSY,
        kind.noun()
            + " was not done by "
            + place()
            + " within "
            + words(RemoteModel.timeout(kind, settings))
            + who
            + "; try again later, or raise timeout",
        e);
  }

  private static String words(java.time.Duration time) {
    long millis = time.toMillis();
    return millis % 1000 == 0 ? millis / 1000 + " s" : millis + " ms";
  }

  /** Without the place: whoever passes this on says it to others. */
  private DecoderException refused(StatusDetails details, StatusRuntimeException e) {
    boolean withToken = details.status().getCode() == Status.Code.PERMISSION_DENIED;
    return failure(
        DecoderErrorCode.INVALID_OPTIONS,
        withToken && settings.hasToken()
            ? "the service refuses the token in token-file: " + details.sentence()
            : "the service refuses us: "
                + details.sentence()
                + "; name a file with its token in token-file",
        e);
  }

  /** The answer breaks the protocol. */
  DecoderException broken(String what) {
    return new DecoderException(
        DecoderErrorCode.RUNTIME_FAILED,
        "the service at "
            + place()
            + " sent an answer that cannot be right: "
            + what
            + "; it may be of another version");
  }

  static DecoderException cancelled(CallKind kind, Throwable cause) {
    return new DecoderException(DecoderErrorCode.CANCELLED, kind.noun() + " was cancelled", cause);
  }

  private String place() {
    return settings.place();
  }

  private static DecoderException failure(
      DecoderErrorCode code, String message, StatusRuntimeException e) {
    return new DecoderException(code, message, e);
  }
}
