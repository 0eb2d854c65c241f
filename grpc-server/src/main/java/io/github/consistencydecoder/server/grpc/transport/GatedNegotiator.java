package io.github.consistencydecoder.server.grpc.transport;

import io.github.consistencydecoder.server.request.ByteBudget;
import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.InternalProtocolNegotiator;
import io.grpc.netty.InternalProtocolNegotiators;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslContext;
import io.netty.util.AsciiString;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/** Sets up a connection as gRPC does, in plain text or TLS, with a {@link FrameGate} in it. */
public final class GatedNegotiator implements InternalProtocolNegotiator.ProtocolNegotiator {
  private final InternalProtocolNegotiator.ProtocolNegotiator usual;
  private final ByteBudget bytes;
  private final ToLongFunction<String> limit;
  private final StreamHandles handles;
  private final ConnectionLimit connections;

  /**
   * @param tls empty for plain text
   * @param bytes counts the bytes of messages
   * @param limit bytes that a message of a method may have
   * @param handles knows the streams
   * @param connections that there may be
   */
  public GatedNegotiator(
      Optional<SslContext> tls,
      ByteBudget bytes,
      ToLongFunction<String> limit,
      StreamHandles handles,
      ConnectionLimit connections) {
    this.usual =
        tls.map(InternalProtocolNegotiators::serverTls)
            .orElseGet(InternalProtocolNegotiators::serverPlaintext);
    this.bytes = bytes;
    this.limit = limit;
    this.handles = handles;
    this.connections = connections;
  }

  @Override
  public AsciiString scheme() {
    return usual.scheme();
  }

  @Override
  public ChannelHandler newHandler(GrpcHttp2ConnectionHandler grpcHandler) {
    FrameGate gate = FrameGate.install(grpcHandler, bytes, limit, handles);
    return connections.before(gate, () -> usual.newHandler(grpcHandler));
  }

  @Override
  public void close() {
    usual.close();
  }

  /**
   * How many connections there may be at the same time. For one more the one that is idle longest
   * is closed. Where all have a call under way, the new one is closed at once: its client finds the
   * server away and tries again, or another one. Safe for use by several threads.
   */
  public static final class ConnectionLimit {
    private final int most;
    private final Map<Channel, FrameGate> open = new ConcurrentHashMap<>();

    /**
     * @param most at least 1
     */
    public ConnectionLimit(int most) {
      if (most < 1) {
        throw new IllegalArgumentException("at least one connection is needed, not " + most);
      }
      this.most = most;
    }

    /** At the moment. */
    public int open() {
      return open.size();
    }

    private synchronized boolean take(Channel channel, FrameGate gate) {
      if (open.size() >= most) {
        Optional<Map.Entry<Channel, FrameGate>> idlest =
            open.entrySet().stream()
                .filter(other -> other.getValue().idleNanos() >= 0)
                .max(Comparator.comparingLong(other -> other.getValue().idleNanos()));
        if (idlest.isEmpty()) {
          return false;
        }
        open.remove(idlest.get().getKey());
        cut(idlest.get().getKey(), idlest.get().getValue());
      }
      open.put(channel, gate);
      channel.closeFuture().addListener(closed -> open.remove(channel));
      return true;
    }

    /** Closes a connection, unless a call has begun on it in the meantime. */
    private void cut(Channel channel, FrameGate gate) {
      channel
          .eventLoop()
          .execute(
              () -> {
                if (gate.idleNanos() >= 0) {
                  var unused = channel.close();
                } else {
                  open.put(channel, gate);
                }
              });
    }

    /** Makes room for a connection's usual first handler, or closes the connection. */
    ChannelHandler before(FrameGate gate, Supplier<ChannelHandler> usual) {
      return new ChannelInboundHandlerAdapter() {
        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
          if (take(ctx.channel(), gate)) {
            ctx.pipeline().replace(this, null, usual.get());
          } else {
            var unused = ctx.close();
          }
        }
      };
    }
  }
}
