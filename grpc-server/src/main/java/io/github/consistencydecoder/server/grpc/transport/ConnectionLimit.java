package io.github.consistencydecoder.server.grpc.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * How many connections there may be at the same time. One more is closed at once: its client finds
 * the server away and tries again, or another one. Safe for use by several threads.
 */
public final class ConnectionLimit {
  private final int most;
  private final AtomicInteger open = new AtomicInteger();

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
    return open.get();
  }

  private boolean take(Channel channel) {
    if (open.incrementAndGet() > most) {
      open.decrementAndGet();
      return false;
    }
    channel.closeFuture().addListener(closed -> open.decrementAndGet());
    return true;
  }

  /** Makes room for a connection's usual first handler, or closes the connection. */
  ChannelHandler before(Supplier<ChannelHandler> usual) {
    return new ChannelInboundHandlerAdapter() {
      @Override
      public void handlerAdded(ChannelHandlerContext ctx) {
        if (take(ctx.channel())) {
          ctx.pipeline().replace(this, null, usual.get());
        } else {
          var unused = ctx.close();
        }
      }
    };
  }
}
