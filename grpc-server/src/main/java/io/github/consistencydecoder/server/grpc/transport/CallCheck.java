package io.github.consistencydecoder.server.grpc.transport;

import io.github.consistencydecoder.server.core.ServiceException;

/** Asked when a call's headers are there and its body is not. */
@FunctionalInterface
public interface CallCheck {
  /** Every call is fine. */
  CallCheck NONE = method -> {};

  /**
   * @param method full name, such as {@code consistencydecoder.v1.DecoderService/Decode}
   * @throws ServiceException why the body is not worth reading
   */
  void check(String method) throws ServiceException;
}
