package io.github.consistencydecoder.client.connect;

import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.kqueue.KQueue;
import io.netty.channel.kqueue.KQueueDomainSocketChannel;
import io.netty.channel.kqueue.KQueueIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.TimeUnit;

/** A thread for Unix sockets, for which gRPC has none. Owns it; after {@link #close} it is gone. */
final class SocketLoops implements AutoCloseable {
  private final EventLoopGroup group;
  private final Class<? extends Channel> type;

  private SocketLoops(IoHandlerFactory io, Class<? extends Channel> type) {
    this.group =
        new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("remote-decoder-io", true), io);
    this.type = type;
  }

  /**
   * Starts the thread.
   *
   * @throws DecoderException {@link DecoderErrorCode#DEVICE_UNAVAILABLE}
   */
  static SocketLoops start() {
    if (Epoll.isAvailable()) {
      return new SocketLoops(EpollIoHandler.newFactory(), EpollDomainSocketChannel.class);
    }
    if (KQueue.isAvailable()) {
      return new SocketLoops(KQueueIoHandler.newFactory(), KQueueDomainSocketChannel.class);
    }
    throw new DecoderException(
        DecoderErrorCode.DEVICE_UNAVAILABLE,
        "a Unix socket needs Linux or macOS, and on the class path Netty's"
            + " netty-transport-native-epoll or netty-transport-native-kqueue; or use host:port");
  }

  void apply(NettyChannelBuilder builder) {
    builder.eventLoopGroup(group).channelType(type, DomainSocketAddress.class);
  }

  @Override
  public void close() {
    var closing = group.shutdownGracefully(0, 2, TimeUnit.SECONDS);
    closing.awaitUninterruptibly(3, TimeUnit.SECONDS);
  }
}
