package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;

/**
 * A session and the options that must live as long as it does.
 *
 * <p>Owns both. Closing again does nothing; if it fails, the error is {@link
 * DecoderErrorCode#RUNTIME_FAILED}.
 */
final class SessionHandle implements AutoCloseable {
  private final OrtSession session;
  private final SessionOptions options;
  private SessionPool.Opening<SessionHandle> opening;
  private boolean closed;

  SessionHandle(OrtSession session, SessionOptions options) {
    this.session = session;
    this.options = options;
  }

  /**
   * Opens a session that can be opened again.
   *
   * @param opening called now, and by {@link #another}
   */
  static SessionHandle by(SessionPool.Opening<SessionHandle> opening)
      throws IOException, OrtException {
    SessionHandle handle = opening.open();
    handle.opening = opening;
    return handle;
  }

  /** Another session like this one, which may be closed; only of those that {@link #by} opened. */
  SessionHandle another() throws IOException, OrtException {
    return by(opening);
  }

  OrtSession session() {
    return session;
  }

  @Override
  public synchronized void close() {
    // A process that ends takes its sessions along.
    if (closed || !OnnxRuntime.enter()) {
      return;
    }
    closed = true;
    try (options) {
      session.close();
    } catch (OrtException e) {
      throw new DecoderException(
          DecoderErrorCode.RUNTIME_FAILED, "ONNX Runtime failed to close a session", e);
    } finally {
      OnnxRuntime.leave();
    }
  }
}
