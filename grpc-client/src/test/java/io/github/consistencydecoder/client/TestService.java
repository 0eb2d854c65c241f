package io.github.consistencydecoder.client;

import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.server.access.AccessException;
import io.github.consistencydecoder.server.grpc.GrpcEndpoint;
import io.github.consistencydecoder.server.grpc.GrpcEndpointBuilder;
import io.github.consistencydecoder.server.models.ModelSource;
import io.github.consistencydecoder.server.queue.QueuedDecodeService;
import io.github.consistencydecoder.server.queue.Readiness;
import io.github.consistencydecoder.server.request.ServiceLimits;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.SharedData;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.UnaryOperator;

/** A real service of this process behind a real endpoint on a port of its own. */
final class TestService implements AutoCloseable {
  static final ServiceLimits LIMITS =
      new ServiceLimits(1 << 20, 8, Duration.ofSeconds(60), Duration.ofSeconds(30), 1L << 30, 2);

  final QueuedDecodeService service;
  final GrpcEndpoint endpoint;

  private TestService(QueuedDecodeService service, GrpcEndpoint endpoint) {
    this.service = service;
    this.endpoint = endpoint;
  }

  /** The bundled model, named {@code consistency_decoder}. */
  static ModelSource tiny() {
    return ModelSource.of("consistency", cpu());
  }

  /** A reduced autoencoder with its encoder. */
  static ModelSource vae() {
    return ModelSource.of("vae", vaeConfig()).withEncoder("vae", vaeConfig());
  }

  static DecoderConfig cpu() {
    return DecoderConfig.empty().with(DecoderConfig.DEVICE, "cpu").with(DecoderConfig.THREADS, "1");
  }

  static DecoderConfig vaeConfig() {
    Path folder = SharedData.inRepository("decoder-core/src/test/resources/goldens/vae-reduced");
    return cpu().with(DecoderConfig.MODEL, folder.toString());
  }

  static TestService open(String name, ModelSource source) {
    return open(0, name, source, endpoint -> endpoint);
  }

  /**
   * Returns when it serves.
   *
   * @param port 0 for a free one
   */
  static TestService open(
      int port, String name, ModelSource source, UnaryOperator<GrpcEndpointBuilder> more) {
    QueuedDecodeService service =
        QueuedDecodeService.builder().model(name, source).limits(LIMITS).start();
    try {
      Await.until("the service to serve", () -> service.readiness() == Readiness.SERVING);
      GrpcEndpointBuilder builder =
          GrpcEndpoint.builder(service)
              .address(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return new TestService(service, more.apply(builder).start());
    } catch (AccessException | IOException | RuntimeException e) {
      service.close();
      throw new AssertionError(e);
    }
  }

  String target() {
    return "127.0.0.1:" + endpoint.port();
  }

  String socket() {
    return "unix:" + endpoint.socket().orElseThrow();
  }

  static DecoderConfig at(String target) {
    return DecoderConfig.empty().with(RemoteDecoderProvider.TARGET, target);
  }

  @Override
  public void close() {
    endpoint.close();
    service.close();
  }
}
