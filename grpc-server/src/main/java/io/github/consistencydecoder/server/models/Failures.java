package io.github.consistencydecoder.server.models;

import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import java.time.Duration;

/**
 * Translates the failures of decoders for callers: the caller's own mistakes in the decoder's
 * words, everything else as an incident that only the log explains.
 */
public final class Failures {
  private static final Duration LATER = Duration.ofSeconds(5);

  private Failures() {}

  /** What the caller hears of it. */
  public static ServiceException outside(Throwable failure) {
    if (failure instanceof DecoderException e) {
      return outside(e);
    }
    if (failure instanceof OutOfMemoryError) {
      return busy(failure);
    }
    return ServiceException.internal(failure);
  }

  private static ServiceException outside(DecoderException e) {
    return switch (e.code()) {
      case INVALID_LATENTS -> ServiceException.invalid("latents", e.getMessage());
      case INVALID_PIXELS -> ServiceException.invalid("pictures", e.getMessage());
      case INVALID_OPTIONS -> ServiceException.invalid("options", e.getMessage());
      case OUT_OF_MEMORY, BUSY -> busy(e);
      case DEVICE_UNAVAILABLE, DEVICE_LOST ->
          ServiceException.retry(
              ServiceError.NOT_READY,
              "the device is not available now, incident " + ServiceException.incident(e),
              LATER);
      // A cancellation that nobody here asked for is a fault of the decoder.
      case CANCELLED,
          UNKNOWN_DECODER,
          MODEL_MISSING,
          MODEL_CORRUPT,
          MODEL_UNSUPPORTED,
          RUNTIME_FAILED ->
          ServiceException.internal(e);
    };
  }

  private static ServiceException busy(Throwable failure) {
    return ServiceException.retry(
        ServiceError.BUSY,
        "not enough memory now, incident " + ServiceException.incident(failure),
        LATER);
  }

  /** Whether the model may decode wrongly from here on. */
  public static boolean castsDoubt(Throwable failure) {
    if (failure instanceof DecoderException e) {
      DecoderErrorCode.Kind kind = e.code().kind();
      return kind == DecoderErrorCode.Kind.INTERNAL
          || kind == DecoderErrorCode.Kind.MODEL
          || e.code() == DecoderErrorCode.OUT_OF_MEMORY
          || e.code() == DecoderErrorCode.DEVICE_UNAVAILABLE
          || e.code() == DecoderErrorCode.DEVICE_LOST;
    }
    return failure instanceof Error && !(failure instanceof OutOfMemoryError);
  }

  /** Whether no model of this process can use the device any more. */
  static boolean losesDevice(Throwable failure) {
    return failure instanceof DecoderException e && e.code() == DecoderErrorCode.DEVICE_LOST;
  }

  /** Why a model is not ready, in words that may leave this machine. */
  static String reason(Throwable failure) {
    String incident = ", incident " + ServiceException.incident(failure);
    if (failure instanceof DecoderException e) {
      return switch (e.code()) {
            case MODEL_MISSING -> "its files are missing";
            case MODEL_CORRUPT -> "its files are damaged";
            case MODEL_UNSUPPORTED -> "it is not a model that this decoder can run";
            case DEVICE_UNAVAILABLE -> "its device is not available";
            case DEVICE_LOST -> "its device is lost";
            case OUT_OF_MEMORY -> "there is not enough memory for it";
            case UNKNOWN_DECODER, INVALID_OPTIONS -> "its configuration is wrong";
            case INVALID_LATENTS, INVALID_PIXELS, CANCELLED, BUSY, RUNTIME_FAILED ->
                "it failed to decode";
          }
          + incident;
    }
    return "it could not be opened" + incident;
  }
}
