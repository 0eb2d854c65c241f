package io.github.consistencydecoder.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import io.github.consistencydecoder.client.RemoteModel.CallKind;
import io.github.consistencydecoder.client.connect.RemoteSettings;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.Optional;
import java.util.OptionalLong;
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
              "the service at %s failed: %s; its log says more"
                  .formatted(place(), details.sentence()),
              e);
      case OK, FAILED_PRECONDITION, OUT_OF_RANGE, ALREADY_EXISTS ->
          failure(
              DecoderErrorCode.RUNTIME_FAILED,
              ("the service at %s answered %s, which a decode service does not: %s; it may be"
                      + " of another version")
                  .formatted(place(), details.status().getCode(), details.sentence()),
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
        ("what answers at %s is another program than a decode service, or one of"
                + " another version: it does not know %s of consistencydecoder.v1")
            .formatted(place(), kind.noun()),
        e);
  }

  private DecoderException away(StatusDetails details, StatusRuntimeException e) {
    if (details.reason().isPresent()) {
      return failure(
          DecoderErrorCode.DEVICE_UNAVAILABLE,
          "the service at %s is not ready: %s; try again when it is"
              .formatted(place(), details.sentence()),
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
            ? ("no encrypted connection to the service at %s (%s); tls-ca names the"
                    + " authorities to trust, plaintext 'yes' is for a service without TLS")
                .formatted(place(), why)
            : ("no decode service can be reached at %s (%s); start one with"
                    + " 'consistency-decoder serve', or correct target%s")
                .formatted(
                    place(), why, settings.encrypted() ? "" : "; if it has TLS, name tls-ca"),
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
        "the service at %s has too much to do: %s; try again later, or raise timeout"
            .formatted(place(), details.sentence()),
        e);
  }

  private DecoderException late(CallKind kind, StatusDetails details, StatusRuntimeException e) {
    String who = details.reason().isPresent() ? " (" + details.sentence() + ")" : "";
    return failure(
        DecoderErrorCode.BUSY,
        "%s was not done by %s within %s%s; try again later, or raise timeout"
            .formatted(kind.noun(), place(), words(RemoteModel.timeout(kind, settings)), who),
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
        ("the service at %s sent an answer that cannot be right: %s; it may be of"
                + " another version")
            .formatted(place(), what));
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

  /**
   * How a call ended, read.
   *
   * @param status with its code and sentence
   * @param reason the service's own word; empty if the status is not from a decode service
   * @param field the part of the request that is wrong, if it is one
   * @param pushback milliseconds to wait before the next attempt, if the service says so; negative
   *     if there must be none
   */
  record StatusDetails(
      Status status, Optional<String> reason, Optional<String> field, OptionalLong pushback) {
    private static final String DOMAIN = "consistencydecoder";
    private static final Metadata.Key<String> PUSHBACK =
        Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);

    static StatusDetails of(StatusRuntimeException e) {
      Optional<String> reason = Optional.empty();
      Optional<String> field = Optional.empty();
      com.google.rpc.Status details = StatusProto.fromThrowable(e);
      try {
        for (Any any : details == null ? java.util.List.<Any>of() : details.getDetailsList()) {
          if (any.is(ErrorInfo.class) && any.unpack(ErrorInfo.class).getDomain().equals(DOMAIN)) {
            reason = Optional.of(any.unpack(ErrorInfo.class).getReason());
          } else if (any.is(BadRequest.class)) {
            field =
                any.unpack(BadRequest.class).getFieldViolationsList().stream()
                    .map(BadRequest.FieldViolation::getField)
                    .findFirst();
          }
        }
      } catch (InvalidProtocolBufferException broken) {
        // The sentence says what there is to say.
        reason = Optional.empty();
      }
      return new StatusDetails(e.getStatus(), reason, field, pushback(e.getTrailers()));
    }

    private static OptionalLong pushback(Metadata trailers) {
      String text = trailers == null ? null : trailers.get(PUSHBACK);
      if (text == null) {
        return OptionalLong.empty();
      }
      // What cannot be read means "not again", as in gRPC itself.
      return OptionalLong.of(text.matches("[0-9]{1,12}") ? Long.parseLong(text) : -1);
    }

    /** The service's words, or gRPC's. */
    String sentence() {
      String description = status.getDescription();
      return description == null ? status.getCode().name() : description;
    }
  }
}
