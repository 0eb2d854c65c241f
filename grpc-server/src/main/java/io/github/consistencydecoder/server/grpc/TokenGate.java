package io.github.consistencydecoder.server.grpc;

import io.github.consistencydecoder.server.access.TokenFile;
import io.github.consistencydecoder.server.core.ServiceException;
import io.github.consistencydecoder.server.grpc.transport.Statuses;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import java.util.function.Predicate;

/** Lets only those in who have the token, save for methods that are open. */
final class TokenGate implements ServerInterceptor {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final TokenFile token;
  private final Predicate<String> open;

  /**
   * @param open by the full name of a method
   */
  TokenGate(TokenFile token, Predicate<String> open) {
    this.token = token;
    this.open = open;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    if (!open.test(call.getMethodDescriptor().getFullMethodName())) {
      try {
        token.check(headers.get(AUTHORIZATION));
      } catch (ServiceException e) {
        StatusRuntimeException refusal = Statuses.of(e);
        call.close(refusal.getStatus(), refusal.getTrailers());
        return new ServerCall.Listener<>() {};
      }
    }
    return next.startCall(call, headers);
  }
}
