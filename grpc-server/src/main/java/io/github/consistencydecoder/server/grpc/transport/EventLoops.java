package io.github.consistencydecoder.server.grpc.transport;

import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.kqueue.KQueue;
import io.netty.channel.kqueue.KQueueIoHandler;
import io.netty.channel.kqueue.KQueueServerDomainSocketChannel;
import io.netty.channel.kqueue.KQueueServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Threads and channels of this machine's best transport: epoll, kqueue, or the JDK's own, which has
 * no Unix sockets here. Owns its threads; after {@link #close} they are gone.
 */
public final class EventLoops implements AutoCloseable {
  private static final int MOST_THREADS = 4;

  private final EventLoopGroup acceptor;
  private final EventLoopGroup workers;
  private final Class<? extends ServerChannel> tcp;
  private final Optional<Class<? extends ServerChannel>> unix;

  private EventLoops(
      IoHandlerFactory io,
      Class<? extends ServerChannel> tcp,
      Optional<Class<? extends ServerChannel>> unix) {
    int threads = Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors());
    this.acceptor =
        new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("grpc-accept", true), io);
    this.workers =
        new MultiThreadIoEventLoopGroup(threads, new DefaultThreadFactory("grpc-io", true), io);
    this.tcp = tcp;
    this.unix = unix;
  }

  /** Starts the threads. */
  public static EventLoops start() {
    if (Epoll.isAvailable()) {
      return new EventLoops(
          EpollIoHandler.newFactory(),
          EpollServerSocketChannel.class,
          Optional.of(EpollServerDomainSocketChannel.class));
    }
    if (KQueue.isAvailable()) {
      return new EventLoops(
          KQueueIoHandler.newFactory(),
          KQueueServerSocketChannel.class,
          Optional.of(KQueueServerDomainSocketChannel.class));
    }
    return new EventLoops(
        NioIoHandler.newFactory(), NioServerSocketChannel.class, Optional.empty());
  }

  /** Whether there are Unix sockets. */
  public boolean unixSockets() {
    return unix.isPresent();
  }

  /** Makes a server use these threads. */
  public NettyServerBuilder apply(NettyServerBuilder builder, boolean unixSocket) {
    return builder
        .bossEventLoopGroup(acceptor)
        .workerEventLoopGroup(workers)
        .channelType(unixSocket ? unix.orElseThrow() : tcp);
  }

  @Override
  public void close() {
    var accepting = acceptor.shutdownGracefully(0, 2, TimeUnit.SECONDS);
    var working = workers.shutdownGracefully(0, 2, TimeUnit.SECONDS);
    accepting.awaitUninterruptibly(3, TimeUnit.SECONDS);
    working.awaitUninterruptibly(3, TimeUnit.SECONDS);
  }
}
