package io.github.consistencydecoder.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.github.consistencydecoder.proto.v1.ListModelsRequest;
import io.github.consistencydecoder.server.access.AccessException;
import io.github.consistencydecoder.server.access.TlsMaterial;
import io.github.consistencydecoder.server.access.TlsMaterial.TlsFiles;
import io.github.consistencydecoder.server.access.TokenFile;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.queue.QueuedDecodeService;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.FakeDecoder;
import io.github.consistencydecoder.testing.TestCertificates;
import io.github.consistencydecoder.testing.TestCertificates.Pair;
import io.grpc.Channel;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may call, and with what. */
@Tag("process")
class GrpcEndpointAccessTest {
  @TempDir static Path folder;
  private static QueuedDecodeService service;

  @BeforeAll
  static void open() {
    service = Fixtures.service(new FakeDecoder.Controls());
  }

  @AfterAll
  static void close() {
    service.close();
  }

  private static Status.Code list(Channel channel) {
    try {
      var unused =
          DecoderServiceGrpc.newBlockingStub(channel)
              .withDeadlineAfter(10, TimeUnit.SECONDS)
              .listModels(ListModelsRequest.getDefaultInstance());
      return Status.Code.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode();
    }
  }

  private static Status.Code list(Channel channel, String authorization) {
    Metadata headers = new Metadata();
    headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), authorization);
    return list(
        io.grpc.ClientInterceptors.intercept(
            channel, MetadataUtils.newAttachHeadersInterceptor(headers)));
  }

  @Test
  void onlyHealthIsOpenWithoutTheToken() throws Exception {
    Path file = Files.writeString(folder.resolve("token"), "a-token-of-some-length");
    TokenFile token = TokenFile.open(file);
    try (OpenEndpoint endpoint = OpenEndpoint.over(service, b -> b.token(token))) {
      ManagedChannel channel = endpoint.tcp();
      assertThat(list(channel)).isEqualTo(Status.Code.UNAUTHENTICATED);
      assertThat(list(channel, "Bearer wrong-token-of-some-length"))
          .isEqualTo(Status.Code.PERMISSION_DENIED);
      assertThat(list(channel, "Bearer a-token-of-some-length")).isEqualTo(Status.Code.OK);
      assertThat(
              HealthGrpc.newBlockingStub(channel)
                  .check(HealthCheckRequest.getDefaultInstance())
                  .getStatusValue())
          .isEqualTo(1);
      assertThat(services(channel)).isEmpty();
    }
    try (OpenEndpoint endpoint =
        OpenEndpoint.over(service, b -> b.token(token).healthNeedsToken(true))) {
      Refused refused =
          Refused.by(
              () ->
                  HealthGrpc.newBlockingStub(endpoint.tcp())
                      .check(HealthCheckRequest.getDefaultInstance()));
      assertThat(refused.code()).isEqualTo(Status.Code.UNAUTHENTICATED);
    }
  }

  /** As reflection lists them; empty if it does not answer. */
  private static List<String> services(Channel channel) throws Exception {
    CompletableFuture<List<String>> found = new CompletableFuture<>();
    StreamObserver<ServerReflectionRequest> asking =
        ServerReflectionGrpc.newStub(channel)
            .serverReflectionInfo(
                new StreamObserver<>() {
                  @Override
                  public void onNext(ServerReflectionResponse answer) {
                    found.complete(
                        answer.getListServicesResponse().getServiceList().stream()
                            .map(s -> s.getName())
                            .toList());
                  }

                  @Override
                  public void onError(Throwable t) {
                    found.complete(List.of());
                  }

                  @Override
                  public void onCompleted() {
                    found.complete(List.of());
                  }
                });
    asking.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
    List<String> names = found.get(10, TimeUnit.SECONDS);
    if (!names.isEmpty()) {
      asking.onCompleted();
    }
    return names;
  }

  @Test
  void reflectionAndChannelzAreThereOnThisMachineAndCanBeClosed() throws Exception {
    try (OpenEndpoint endpoint = OpenEndpoint.over(service)) {
      assertThat(services(endpoint.tcp()))
          .contains(
              "consistencydecoder.v1.DecoderService",
              "inference.GRPCInferenceService",
              "grpc.health.v1.Health",
              "grpc.channelz.v1.Channelz",
              "grpc.reflection.v1alpha.ServerReflection");
    }
    try (OpenEndpoint endpoint = OpenEndpoint.over(service, b -> b.channelz(false))) {
      assertThat(services(endpoint.tcp())).doesNotContain("grpc.channelz.v1.Channelz");
    }
    try (OpenEndpoint endpoint = OpenEndpoint.over(service, b -> b.reflection(false))) {
      assertThat(services(endpoint.tcp())).isEmpty();
    }
  }

  private static ManagedChannel tls(OpenEndpoint endpoint, Pair trusted, Pair mine)
      throws IOException {
    TlsChannelCredentials.Builder credentials =
        TlsChannelCredentials.newBuilder().trustManager(trusted.certificate().toFile());
    if (mine != null) {
      credentials.keyManager(mine.certificate().toFile(), mine.key().toFile());
    }
    return endpoint.keep(
        Grpc.newChannelBuilderForAddress("127.0.0.1", endpoint.endpoint.port(), credentials.build())
            .build());
  }

  @Test
  void tlsLetsInWhoTrustsTheCertificateOfTheMoment() throws Exception {
    Pair first = TestCertificates.make(folder, "first");
    Pair second = TestCertificates.make(folder, "second");
    Pair used = TestCertificates.make(folder, "used");
    first.replace(used);
    TlsFiles files = new TlsFiles(used.certificate(), used.key(), Optional.empty());
    try (TlsMaterial material = TlsMaterial.open(files, Duration.ofMillis(50));
        OpenEndpoint endpoint = OpenEndpoint.over(service, b -> b.tls(material))) {
      assertThat(list(tls(endpoint, first, null))).isEqualTo(Status.Code.OK);
      assertThat(list(tls(endpoint, second, null))).isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(
              list(
                  endpoint.keep(
                      Grpc.newChannelBuilderForAddress(
                              "127.0.0.1",
                              endpoint.endpoint.port(),
                              InsecureChannelCredentials.create())
                          .build())))
          .isEqualTo(Status.Code.UNAVAILABLE);
      second.replace(used);
      Await.until(
          "the new certificate",
          () -> {
            try {
              return list(tls(endpoint, second, null)) == Status.Code.OK;
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          });
      assertThat(list(tls(endpoint, first, null))).isEqualTo(Status.Code.UNAVAILABLE);
    }
  }

  @Test
  void mutualTlsLetsInWhoHasACertificateThatIsTrusted() throws Exception {
    Pair server = TestCertificates.make(folder, "server");
    Pair friend = TestCertificates.make(folder, "friend");
    Pair stranger = TestCertificates.make(folder, "stranger");
    TlsFiles files =
        new TlsFiles(server.certificate(), server.key(), Optional.of(friend.certificate()));
    try (TlsMaterial material = TlsMaterial.open(files, Duration.ofMinutes(1));
        OpenEndpoint endpoint = OpenEndpoint.over(service, b -> b.tls(material))) {
      assertThat(list(tls(endpoint, server, friend))).isEqualTo(Status.Code.OK);
      assertThat(list(tls(endpoint, server, stranger))).isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(list(tls(endpoint, server, null))).isEqualTo(Status.Code.UNAVAILABLE);
    }
  }

  @Test
  void openDoorBeyondThisMachineIsRefused() {
    assertThatThrownBy(
            () ->
                GrpcEndpoint.builder(service).address(new InetSocketAddress("0.0.0.0", 0)).start())
        .isInstanceOf(AccessException.class)
        .hasMessageContaining("without TLS");
  }

  @Test
  void openDoorInWordsHasNeitherReflectionNorChannelz() throws Exception {
    try (GrpcEndpoint endpoint =
        GrpcEndpoint.builder(service)
            .address(new InetSocketAddress("0.0.0.0", 0))
            .openAllowed(true)
            .start()) {
      ManagedChannel channel =
          Grpc.newChannelBuilderForAddress(
                  "127.0.0.1", endpoint.port(), InsecureChannelCredentials.create())
              .build();
      try {
        assertThat(list(channel)).isEqualTo(Status.Code.OK);
        assertThat(services(channel)).isEmpty();
      } finally {
        channel.shutdownNow();
      }
    }
  }

  @Test
  void addressInUseIsAnIoException() {
    try (OpenEndpoint endpoint = OpenEndpoint.over(service)) {
      InetSocketAddress taken =
          new InetSocketAddress(InetAddress.getLoopbackAddress(), endpoint.endpoint.port());
      assertThatThrownBy(() -> GrpcEndpoint.builder(service).address(taken).start())
          .isInstanceOf(IOException.class);
    }
  }
}
