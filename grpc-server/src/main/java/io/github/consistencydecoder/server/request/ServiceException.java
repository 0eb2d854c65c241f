package io.github.consistencydecoder.server.request;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Why a call has no result, in words that may leave this machine: no path, address, class name or
 * native text.
 */
public final class ServiceException extends Exception {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(ServiceException.class);

  private final ServiceError error;
  private final String field;
  private final transient Duration retryAfter;

  private ServiceException(
      ServiceError error, String message, String field, Duration retryAfter, Throwable cause) {
    super(requireNonNull(message, "message"), cause);
    this.error = requireNonNull(error, "error");
    this.field = field;
    this.retryAfter = retryAfter;
  }

  /** An error that concerns the call as a whole. */
  public static ServiceException of(ServiceError error, String message) {
    return new ServiceException(error, message, null, null, null);
  }

  /**
   * An error of the request.
   *
   * @param field which part of the request, by its name on the wire, such as {@code
   *     latents.tensor.shape}
   */
  public static ServiceException invalid(String field, String message) {
    return new ServiceException(
        ServiceError.INVALID, message, requireNonNull(field, "field"), null, null);
  }

  /** An error that may be gone after a while. */
  public static ServiceException retry(ServiceError error, String message, Duration after) {
    return new ServiceException(error, message, null, requireNonNull(after, "after"), null);
  }

  /** Our fault: the log has the cause, the caller an incident id. */
  public static ServiceException internal(Throwable cause) {
    return new ServiceException(
        ServiceError.INTERNAL, "internal error, incident " + incident(cause), null, null, cause);
  }

  /**
   * Writes a cause to the log.
   *
   * @return the id under which it is there
   */
  public static String incident(Throwable cause) {
    String id = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    LOG.atError().setCause(cause).addKeyValue("incident", id).log("incident {}", id);
    return id;
  }

  /** Why. */
  public ServiceError error() {
    return error;
  }

  /** The part of the request that is wrong, if it is one. */
  public Optional<String> field() {
    return Optional.ofNullable(field);
  }

  /** When to try again, if that is known. */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }
}
