package io.github.consistencydecoder.server.grpc.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * How many connections there may be at the same time. For one more the one that is idle longest is
 * closed. Where all have a call under way, the new one is closed at once: its client finds the
 * server away and tries again, or another one. Safe for use by several threads.
 */
public final class ConnectionLimit {
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
