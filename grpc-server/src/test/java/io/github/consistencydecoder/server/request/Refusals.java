package io.github.consistencydecoder.server.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** One line for one rule. */
final class Refusals {
  private Refusals() {}

  static void refused(String field, String part, ThrowingCallable call) {
    ServiceException e = catchThrowableOfType(ServiceException.class, call);
    assertThat(e).as("refusal").isNotNull();
    assertThat(e.error()).isEqualTo(ServiceError.INVALID);
    assertThat(e.field()).contains(field);
    assertThat(e.getMessage()).contains(part);
  }
}
