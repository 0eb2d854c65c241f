package io.github.consistencydecoder.cli.serve;

import io.github.consistencydecoder.cli.shell.Console;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/**
 * Tells systemd that a service is ready or ends: the protocol of {@code sd_notify(3)}, datagrams to
 * the socket that {@code NOTIFY_SOCKET} names. Java has no Unix sockets of that kind; those of
 * Netty, which gRPC listens with, send from this process, as {@code NotifyAccess=main} demands.
 */
final class ServiceManager {
  private static final int SECONDS = 5;

  private final Console console;
  private final String socket;

  /**
   * @param socket what {@code NOTIFY_SOCKET} says; null or empty where nobody wants to know
   */
  ServiceManager(Console console, String socket) {
    this.console = console;
    this.socket = socket == null ? "" : socket;
  }

  /** That calls are taken. */
  void ready(String status) {
    send("READY=1\nSTATUS=" + status + "\n");
  }

  /** That no more will be. */
  void stopping() {
    send("STOPPING=1\nSTATUS=draining\n");
  }

  private void send(String state) {
    if (socket.isEmpty()) {
      return;
    }
    if (!Epoll.isAvailable()) {
      warn("Netty has no native transport for this system");
      return;
    }
    EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    try {
      // An abstract address is written with @ and begins with a zero byte.
      var connected =
          new Bootstrap()
              .group(loop)
              .channel(EpollDomainDatagramChannel.class)
              .handler(new ChannelInboundHandlerAdapter())
              .connect(new DomainSocketAddress(socket.replaceFirst("^@", "\0")))
              .awaitUninterruptibly();
      if (connected.isSuccess()) {
        connected =
            connected
                .channel()
                .writeAndFlush(Unpooled.copiedBuffer(state, StandardCharsets.UTF_8))
                .awaitUninterruptibly();
      }
      if (!connected.isSuccess()) {
        warn(connected.cause().toString());
      }
    } finally {
      loop.shutdownGracefully(0, SECONDS, TimeUnit.SECONDS).awaitUninterruptibly();
    }
  }

  private void warn(String why) {
    console.warning("NOTIFY_SOCKET " + socket + ": systemd is not told: " + why);
  }
}
