package io.github.consistencydecoder.server.request;

/** Why a call has no result. Each endpoint has its own word for each. */
public enum ServiceError {
  /** The request cannot be served as it is. gRPC INVALID_ARGUMENT, HTTP 400. */
  INVALID,
  /** It can never be served here: too many pixels or bytes. gRPC INVALID_ARGUMENT, HTTP 413. */
  TOO_LARGE,
  /** Too much to do now. gRPC RESOURCE_EXHAUSTED, HTTP 429, with the time to wait. */
  BUSY,
  /** The deadline has passed or cannot be met. gRPC DEADLINE_EXCEEDED, HTTP 504. */
  DEADLINE,
  /** Not ready, or draining. gRPC UNAVAILABLE, HTTP 503, with the time to wait. */
  NOT_READY,
  /** The caller has gone or stopped it. gRPC CANCELLED. */
  CANCELLED,
  /** No credentials. gRPC UNAUTHENTICATED, HTTP 401. */
  UNAUTHENTICATED,
  /** Credentials that do not allow it. gRPC PERMISSION_DENIED, HTTP 403. */
  FORBIDDEN,
  /** No such model. gRPC NOT_FOUND, HTTP 404. */
  NOT_FOUND,
  /** This server cannot do it, for example encode. gRPC UNIMPLEMENTED, HTTP 501. */
  UNIMPLEMENTED,
  /** Our fault. gRPC INTERNAL, HTTP 500, with an incident id and nothing else. */
  INTERNAL
}
