package io.github.consistencydecoder.cli.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.cli.shell.Console;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollDomainDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainDatagramPacket;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What systemd is told, at its end of the socket. */
@EnabledOnOs(OS.LINUX)
final class ServiceManagerTest {
  private final EventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
  private final StringWriter said = new StringWriter();

  @TempDir private Path folder;

  @AfterEach
  void close() {
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  private void listen(String address) throws InterruptedException {
    new Bootstrap()
        .group(loop)
        .channel(EpollDomainDatagramChannel.class)
        .handler(
            new SimpleChannelInboundHandler<DomainDatagramPacket>() {
              @Override
              protected void channelRead0(ChannelHandlerContext context, DomainDatagramPacket in) {
                told.add(in.content().toString(UTF_8));
              }
            })
        .bind(new DomainSocketAddress(address))
        .sync();
  }

  private ServiceManager manager(String socket) {
    PrintWriter writer = new PrintWriter(said);
    return new ServiceManager(new Console(writer, writer, false, false, false), socket);
  }

  @Test
  void readyAndStoppingArriveAtASocketInAFolder() throws InterruptedException {
    String socket = folder.resolve("notify").toString();
    listen(socket);

    manager(socket).ready("serving a, b");
    manager(socket).stopping();

    assertThat(told.poll(10, TimeUnit.SECONDS)).isEqualTo("READY=1\nSTATUS=serving a, b\n");
    assertThat(told.poll(10, TimeUnit.SECONDS)).isEqualTo("STOPPING=1\nSTATUS=draining\n");
    assertThat(said.toString()).isEmpty();
  }

  @Test
  void readyArrivesAtAnAbstractSocket() throws InterruptedException {
    String name = "consistency-decoder-" + UUID.randomUUID();
    listen("\0" + name);

    manager("@" + name).ready("serving");

    assertThat(told.poll(10, TimeUnit.SECONDS)).startsWith("READY=1\n");
  }

  @Test
  void socketThatIsNotThereIsWarnedOf() {
    String socket = folder.resolve("none").toString();

    manager(socket).ready("serving");

    assertThat(said.toString())
        .startsWith("warning: NOTIFY_SOCKET " + socket + ": systemd is not told: ")
        .doesNotContain("null");
  }

  @Test
  void withoutASocketNobodyIsTold() {
    manager(null).ready("serving");
    manager("").stopping();

    assertThat(said.toString()).isEmpty();
  }

  @Test
  @Tag("process")
  void serveTellsWhenItIsReadyAndWhenItEnds() throws Exception {
    String socket = folder.resolve("notify").toString();
    listen(socket);

    try (ServerProcess server =
        ServerProcess.start(
            folder.resolve("server"),
            Map.of(
                "CONSISTENCY_DECODER_GRPC_PORT", "0",
                "CONSISTENCY_DECODER_MODEL", "one=tiny",
                "NOTIFY_SOCKET", socket))) {
      assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo("READY=1\nSTATUS=serving one\n");
      assertThat(server.port()).isPositive();
      assertThat(server.terminate()).isZero();
      assertThat(told.poll(10, TimeUnit.SECONDS)).startsWith("STOPPING=1\n");
    }
  }
}
