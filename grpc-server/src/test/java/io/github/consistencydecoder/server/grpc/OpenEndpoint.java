package io.github.consistencydecoder.server.grpc;

import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.proto.inference.GRPCInferenceServiceGrpc;
import io.github.consistencydecoder.proto.v1.DataType;
import io.github.consistencydecoder.proto.v1.DecodeRequest;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.github.consistencydecoder.proto.v1.LatentScale;
import io.github.consistencydecoder.proto.v1.PictureFormat;
import io.github.consistencydecoder.proto.v1.Tensor;
import io.github.consistencydecoder.server.access.AccessException;
import io.github.consistencydecoder.server.queue.DecodeService;
import io.github.consistencydecoder.server.request.TensorType;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.logging.Level;
import java.util.logging.Logger;

/** An endpoint that tests open, and channels to it. Does not own the service. */
final class OpenEndpoint implements AutoCloseable {
  /** gRPC tells of every connection that broke, with a stack trace; tests break hundreds. */
  private static final Logger TRANSPORT = Logger.getLogger("io.grpc.netty.NettyServerTransport");

  static {
    TRANSPORT.setLevel(Level.WARNING);
  }

  final GrpcEndpoint endpoint;
  private final List<ManagedChannel> channels = new ArrayList<>();
  private MultiThreadIoEventLoopGroup loops;

  private OpenEndpoint(GrpcEndpoint endpoint) {
    this.endpoint = endpoint;
  }

  /** On a free port of the loopback. */
  static OpenEndpoint over(DecodeService service) {
    return over(service, builder -> builder);
  }

  static OpenEndpoint over(DecodeService service, UnaryOperator<GrpcEndpointBuilder> more) {
    try {
      return new OpenEndpoint(
          more.apply(GrpcEndpoint.builder(service).address(loopback())).start());
    } catch (AccessException | IOException e) {
      throw new AssertionError(e);
    }
  }

  static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  /** A new plain-text channel over TCP. */
  ManagedChannel tcp() {
    return keep(
        NettyChannelBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), endpoint.port()))
            .usePlaintext()
            .maxInboundMessageSize(64 << 20)
            .build());
  }

  /** A new channel over the Unix socket. */
  ManagedChannel unix() {
    Path path = endpoint.socket().orElseThrow();
    if (loops == null) {
      loops = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    }
    return keep(
        NettyChannelBuilder.forAddress(new DomainSocketAddress(path.toFile()))
            .eventLoopGroup(loops)
            .channelType(EpollDomainSocketChannel.class, DomainSocketAddress.class)
            .usePlaintext()
            .maxInboundMessageSize(64 << 20)
            .build());
  }

  ManagedChannel keep(ManagedChannel channel) {
    channels.add(channel);
    return channel;
  }

  DecoderServiceGrpc.DecoderServiceBlockingStub decoder() {
    return DecoderServiceGrpc.newBlockingStub(tcp());
  }

  GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub inference() {
    return GRPCInferenceServiceGrpc.newBlockingStub(tcp());
  }

  /** A request for latents as they are, seed 0. */
  static DecodeRequest.Builder request(Latents latents) {
    return DecodeRequest.newBuilder()
        .setFormat(PictureFormat.PICTURE_FORMAT_UINT8)
        .setLatents(
            io.github.consistencydecoder.proto.v1.Latents.newBuilder()
                .setScale(
                    latents.scale() == io.github.consistencydecoder.plugin.LatentScale.SCALED
                        ? LatentScale.LATENT_SCALE_SCALED
                        : LatentScale.LATENT_SCALE_UNSCALED)
                .setTensor(tensor(latents)));
  }

  static Tensor.Builder tensor(Latents latents) {
    return Tensor.newBuilder()
        .setDataType(DataType.DATA_TYPE_FLOAT32)
        .addShape(latents.batch())
        .addShape(Latents.CHANNELS)
        .addShape(latents.height())
        .addShape(latents.width())
        .setData(
            com.google.protobuf.UnsafeByteOperations.unsafeWrap(
                TensorType.FLOAT32.toBytes(latents.values())));
  }

  @Override
  public void close() {
    for (ManagedChannel channel : channels) {
      channel.shutdownNow();
    }
    for (ManagedChannel channel : channels) {
      try {
        boolean unused = channel.awaitTermination(5, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    endpoint.close();
    if (loops != null) {
      var unused = loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
  }
}
