package io.github.consistencydecoder.server.http;

import io.github.consistencydecoder.server.access.UnixSocket;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.AbstractConnector;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Server;

/**
 * Listens on a Unix socket, which Jetty's own connector for networks cannot. Owns the socket's
 * file: it is made at the start and removed at the end.
 */
final class UnixSocketConnector extends AbstractConnector {
  private static final int BACKLOG = 1_024;

  private final Path path;
  private final SelectorManager selectors;
  private volatile ServerSocketChannel listening;
  private volatile UnixSocket socket;

  UnixSocketConnector(Server server, Path path, ConnectionFactory... factories) {
    super(server, null, null, null, 1, factories);
    this.path = path;
    this.selectors =
        new SelectorManager(getExecutor(), getScheduler(), 1) {
          @Override
          protected EndPoint newEndPoint(
              SelectableChannel channel, ManagedSelector selector, SelectionKey key) {
            EndPoint endPoint =
                new SocketChannelEndPoint((SocketChannel) channel, selector, key, getScheduler());
            endPoint.setIdleTimeout(getIdleTimeout());
            return endPoint;
          }

          @Override
          public Connection newConnection(
              SelectableChannel channel, EndPoint endPoint, Object attachment) {
            return getDefaultConnectionFactory().newConnection(UnixSocketConnector.this, endPoint);
          }

          @Override
          protected void endPointOpened(EndPoint endPoint) {
            super.endPointOpened(endPoint);
            onEndPointOpened(endPoint);
          }

          @Override
          protected void endPointClosed(EndPoint endPoint) {
            onEndPointClosed(endPoint);
            super.endPointClosed(endPoint);
          }
        };
    installBean(selectors, true);
  }

  @Override
  protected void doStart() throws Exception {
    getBeans(SelectorManager.SelectorManagerListener.class).forEach(selectors::addEventListener);
    UnixSocket prepared = UnixSocket.prepare(path);
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.bind(UnixDomainSocketAddress.of(prepared.path()), BACKLOG);
      prepared.bound();
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    socket = prepared;
    listening = channel;
    super.doStart();
  }

  @Override
  protected void accept(int acceptor) throws IOException {
    ServerSocketChannel channel = listening;
    if (channel != null) {
      try {
        SocketChannel accepted = channel.accept();
        accepted.configureBlocking(false);
        selectors.accept(accepted);
      } catch (ClosedChannelException e) {
        if (listening != null) {
          throw e;
        }
      }
    }
  }

  @Override
  public CompletableFuture<Void> shutdown() {
    CompletableFuture<Void> done = super.shutdown();
    closeQuietly();
    return done;
  }

  @Override
  protected void doStop() throws Exception {
    super.doStop();
    closeQuietly();
  }

  private void closeQuietly() {
    ServerSocketChannel channel = listening;
    listening = null;
    if (channel != null) {
      try {
        channel.close();
        socket.remove();
      } catch (IOException e) {
        LOG.debug("cannot close the socket", e);
      }
    }
  }

  @Override
  public Object getTransport() {
    return listening;
  }
}
