package io.github.consistencydecoder.server.grpc;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2PingFrame;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2PingFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** An HTTP/2 client that sends what no gRPC client would. */
final class RawHttp2 implements AutoCloseable {
  /** The gRPC method that tests call unless they say otherwise. */
  static final String DECODE = "/consistencydecoder.v1.DecoderService/Decode";

  private final MultiThreadIoEventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final Channel channel;
  private final AtomicInteger pongs = new AtomicInteger();
  private volatile String goAway = "";

  RawHttp2(int port) throws InterruptedException {
    channel =
        new Bootstrap()
            .group(loops)
            .channel(NioSocketChannel.class)
            .handler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel opened) {
                    opened
                        .pipeline()
                        .addLast(
                            Http2FrameCodecBuilder.forClient().validateHeaders(false).build(),
                            new Http2MultiplexHandler(new ChannelInboundHandlerAdapter()),
                            new GoAways());
                  }
                })
            .connect(InetAddress.getLoopbackAddress(), port)
            .sync()
            .channel();
  }

  private final class GoAways extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      if (message instanceof Http2GoAwayFrame frame) {
        goAway = frame.errorCode() + " " + frame.content().toString(StandardCharsets.UTF_8);
      } else if (message instanceof Http2PingFrame ping && ping.ack()) {
        pongs.incrementAndGet();
      }
      ReferenceCountUtil.release(message);
    }
  }

  /** What the connection was closed with; empty if it was not. */
  String goAway() {
    return goAway;
  }

  void ping(long content) {
    var unused = channel.writeAndFlush(new DefaultHttp2PingFrame(content));
  }

  /** Pings that were answered. */
  int pongs() {
    return pongs.get();
  }

  boolean open() {
    return channel.isOpen();
  }

  /** Headers of an ordinary call. */
  static Map<String, String> headers() {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put(":method", "POST");
    headers.put(":scheme", "http");
    headers.put(":path", DECODE);
    headers.put(":authority", "test");
    headers.put("content-type", "application/grpc");
    headers.put("te", "trailers");
    return headers;
  }

  static Map<String, String> headers(String name, String value) {
    Map<String, String> headers = headers();
    headers.put(name, value);
    return headers;
  }

  /** A message with its prefix. */
  static byte[] framed(int flag, byte[] message) {
    byte[] out = new byte[5 + message.length];
    out[0] = (byte) flag;
    for (int i = 0; i < 4; i++) {
      out[1 + i] = (byte) (message.length >>> (24 - 8 * i));
    }
    System.arraycopy(message, 0, out, 5, message.length);
    return out;
  }

  /** All headers and trailers of the answer; {@code reset} holds the code of a reset. */
  Map<String, String> call(Map<String, String> headers, byte[]... frames) throws Exception {
    return call(headers, true, frames);
  }

  /**
   * @param end whether the last frame ends the stream
   */
  Map<String, String> call(Map<String, String> headers, boolean end, byte[]... frames)
      throws Exception {
    Map<String, String> answer = new TreeMap<>();
    CompletableFuture<Map<String, String>> done = new CompletableFuture<>();
    Http2StreamChannel stream =
        new Http2StreamChannelBootstrap(channel)
            .handler(new Answers(answer, done))
            .open()
            .get(5, TimeUnit.SECONDS);
    Http2Headers sent = new DefaultHttp2Headers(false);
    headers.forEach(sent::add);
    List<byte[]> all = List.of(frames);
    var unused = stream.write(new DefaultHttp2HeadersFrame(sent, end && all.isEmpty()));
    for (int i = 0; i < all.size(); i++) {
      boolean last = end && i == all.size() - 1;
      unused = stream.write(new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(all.get(i)), last));
    }
    stream.flush();
    try {
      return done.get(10, TimeUnit.SECONDS);
    } finally {
      var closing = stream.close();
      assert closing != null;
    }
  }

  private static final class Answers extends ChannelInboundHandlerAdapter {
    private final Map<String, String> answer;
    private final CompletableFuture<Map<String, String>> done;

    Answers(Map<String, String> answer, CompletableFuture<Map<String, String>> done) {
      this.answer = answer;
      this.done = done;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      if (message instanceof Http2HeadersFrame frame) {
        frame.headers().forEach(e -> answer.put(e.getKey().toString(), e.getValue().toString()));
        if (frame.isEndStream()) {
          done.complete(answer);
        }
      }
      ReferenceCountUtil.release(message);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof Http2ResetFrame reset) {
        answer.put("reset", Long.toString(reset.errorCode()));
        done.complete(answer);
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      done.complete(answer);
    }
  }

  @Override
  public void close() {
    channel.close().awaitUninterruptibly(2, TimeUnit.SECONDS);
    var unused = loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
