package io.github.consistencydecoder.server.grpc.transport;

import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.InternalProtocolNegotiator;
import io.grpc.netty.InternalProtocolNegotiators;
import io.netty.channel.ChannelHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.util.AsciiString;
import java.util.Optional;
import java.util.function.ToLongFunction;

/** Sets up a connection as gRPC does, in plain text or TLS, with a {@link FrameGate} in it. */
public final class GatedNegotiator implements InternalProtocolNegotiator.ProtocolNegotiator {
  private final InternalProtocolNegotiator.ProtocolNegotiator usual;
  private final BytesInFlight bytes;
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
      BytesInFlight bytes,
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
}
