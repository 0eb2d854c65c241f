package io.github.consistencydecoder.server.core;

import java.time.Duration;

/** Why a call is stopped before it is done. */
enum StopReason {
  /** The caller has gone. */
  CALLER(Outcome.CANCELLED),
  /** Its deadline, or the server's own limit, has passed. */
  DEADLINE(Outcome.EXPIRED),
  /** The service ends. */
  DRAIN(Outcome.CANCELLED),
  /** Its model no longer decodes. */
  MODEL(Outcome.FAILED);

  private final Outcome outcome;

  StopReason(Outcome outcome) {
    this.outcome = outcome;
  }

  Outcome outcome() {
    return outcome;
  }

  ServiceException exception() {
    return switch (this) {
      case CALLER -> ServiceException.of(ServiceError.CANCELLED, "the caller stopped the call");
      case DEADLINE ->
          ServiceException.of(ServiceError.DEADLINE, "the deadline passed before it was done");
      case DRAIN ->
          ServiceException.retry(
              ServiceError.NOT_READY, "the service is shutting down", Duration.ofSeconds(1));
      case MODEL ->
          ServiceException.retry(
              ServiceError.NOT_READY, "the model is being opened again", Duration.ofSeconds(5));
    };
  }
}
