package io.github.consistencydecoder.server.grpc.transport;

import io.github.consistencydecoder.server.core.ServiceException;
import io.grpc.ServerCall;
import java.io.InputStream;

/** Reads the messages of one call, counts them, and lets nothing that is thrown pass. */
final class StrictListener<Q, A> extends ServerCall.Listener<InputStream> {
  private final TypedCall<Q, A> call;
  private final ServerCall.Listener<Q> listener;
  private final MessageReader<Q> reader;
  private final boolean one;
  private int messages;
  private boolean ended;

  StrictListener(TypedCall<Q, A> call, ServerCall.Listener<Q> listener, MessageReader<Q> reader) {
    this.call = call;
    this.listener = listener;
    this.reader = reader;
    this.one = call.getMethodDescriptor().getType().clientSendsOneMessage();
  }

  @Override
  public void onMessage(InputStream bytes) {
    if (ended) {
      return;
    }
    messages++;
    guarded(
        () -> {
          if (one && messages > 1) {
            throw ServiceException.invalid("", "this method takes one message, a second one came");
          }
          listener.onMessage(reader.read(bytes));
        });
  }

  @Override
  public void onHalfClose() {
    if (ended) {
      return;
    }
    guarded(
        () -> {
          if (one && messages == 0) {
            throw ServiceException.invalid("", "this method takes one message, none came");
          }
          listener.onHalfClose();
        });
  }

  @Override
  public void onReady() {
    if (!ended) {
      guarded(listener::onReady);
    }
  }

  @Override
  public void onCancel() {
    reader.release();
    if (!ended) {
      ended = true;
      guarded(listener::onCancel);
    }
  }

  @Override
  public void onComplete() {
    reader.release();
    if (!ended) {
      ended = true;
      guarded(listener::onComplete);
    }
  }

  /** Something that may go wrong in any way. */
  private interface Step {
    void run() throws Exception;
  }

  private void guarded(Step step) {
    try {
      step.run();
    } catch (Throwable e) {
      call.end(e);
      if (!ended) {
        ended = true;
        guarded(listener::onCancel);
      }
    }
  }
}
