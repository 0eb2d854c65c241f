package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;

/**
 * A session and the options that must live as long as it does.
 *
 * <p>Owns both. Closing again does nothing.
 */
final class SessionHandle implements AutoCloseable {
  private final OrtSession session;
  private final SessionOptions options;
  private boolean closed;

  SessionHandle(OrtSession session, SessionOptions options) {
    this.session = session;
    this.options = options;
  }

  OrtSession session() {
    return session;
  }

  @Override
  public synchronized void close() throws OrtException {
    if (!closed) {
      closed = true;
      try {
        session.close();
      } finally {
        options.close();
      }
    }
  }
}
