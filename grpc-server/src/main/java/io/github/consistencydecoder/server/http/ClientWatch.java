package io.github.consistencydecoder.server.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CancellationException;
import org.eclipse.jetty.io.AbstractEndPoint;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;

/**
 * Notices that a client of HTTP/1.1 closes its connection while its request is being worked on.
 * Jetty itself does not look at a connection between the end of a request's body and the end of its
 * answer, so a caller that gives up would be computed for to the end. (HTTP/2 tells by itself.)
 *
 * <p>It reads one byte ahead. The end of the stream means that the client has left; a client that
 * closes only its own direction is taken for one, as usual proxies do. A byte means that the next
 * request is there already: it is put back in front of Jetty's parser, and watching ends, because
 * to look further would be to read on without bound.
 *
 * <p>{@link #end} comes before the answer: Jetty must be the only reader when the request is over.
 */
final class ClientWatch implements Callback {
  private final AbstractEndPoint endPoint;
  private final Connection.UpgradeTo connection;
  private final Runnable gone;
  private boolean ended;

  private ClientWatch(AbstractEndPoint endPoint, Connection.UpgradeTo connection, Runnable gone) {
    this.endPoint = endPoint;
    this.connection = connection;
    this.gone = gone;
  }

  /** A watch that has not begun; one that does nothing where there is nothing to watch. */
  static ClientWatch of(Request request, Runnable gone) {
    Connection connection = request.getConnectionMetaData().getConnection();
    EndPoint endPoint = connection.getEndPoint();
    boolean http1 = request.getConnectionMetaData().getHttpVersion().getVersion() < 20;
    return http1
            && connection instanceof Connection.UpgradeTo to
            && endPoint instanceof AbstractEndPoint abstractEndPoint
        ? new ClientWatch(abstractEndPoint, to, gone)
        : new ClientWatch(null, null, gone);
  }

  void begin() {
    if (endPoint != null) {
      synchronized (this) {
        if (!ended) {
          endPoint.tryFillInterested(this);
        }
      }
    }
  }

  void end() {
    if (endPoint == null) {
      return;
    }
    synchronized (this) {
      if (ended) {
        return;
      }
      ended = true;
    }
    // Ours is the only interest there can be: the body has been read to its end.
    if (endPoint.isFillInterested()) {
      endPoint.getFillInterest().onFail(new CancellationException("the answer is there"));
    }
  }

  /** Something can be read, or the end. */
  @Override
  public void succeeded() {
    boolean left = false;
    synchronized (this) {
      if (ended) {
        return;
      }
      ByteBuffer one = BufferUtil.allocate(1);
      try {
        int filled = endPoint.fill(one);
        if (filled == 0) {
          endPoint.tryFillInterested(this);
        } else if (filled > 0) {
          connection.onUpgradeTo(one);
        } else {
          left = true;
        }
      } catch (IOException e) {
        left = true;
      }
    }
    if (left) {
      gone.run();
    }
  }

  @Override
  public void failed(Throwable failure) {
    synchronized (this) {
      if (ended) {
        return;
      }
    }
    gone.run();
  }
}
