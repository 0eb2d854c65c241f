package io.github.consistencydecoder.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.github.consistencydecoder.proto.v1.ListModelsRequest;
import io.github.consistencydecoder.server.access.AccessException;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.queue.QueuedDecodeService;
import io.github.consistencydecoder.testing.FakeDecoder;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnixSocketTest {
  @TempDir Path folder;
  private QueuedDecodeService service;
  private Path path;

  @BeforeEach
  void open() {
    service = Fixtures.service(new FakeDecoder.Controls());
    path = folder.resolve("own").resolve("grpc.sock");
  }

  @AfterEach
  void close() {
    service.close();
  }

  private OpenEndpoint endpoint() {
    return OpenEndpoint.over(service, b -> b.socket(path));
  }

  private static int models(OpenEndpoint endpoint) {
    return DecoderServiceGrpc.newBlockingStub(endpoint.unix())
        .listModels(ListModelsRequest.getDefaultInstance())
        .getModelsCount();
  }

  private static String rights(Path file) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @Test
  void socketAndItsFolderAreTheOwnersAloneAndTheSocketGoesWithTheDoor() throws Exception {
    try (OpenEndpoint endpoint = endpoint()) {
      assertThat(models(endpoint)).isEqualTo(1);
      assertThat(rights(path.getParent())).isEqualTo("rwx------");
      assertThat(rights(path)).isEqualTo("rw-------");
    }
    assertThat(path).doesNotExist();
  }

  @Test
  void shutdownRemovesTheSocketToo() throws Exception {
    try (OpenEndpoint endpoint = endpoint()) {
      endpoint.endpoint.shutdown(Duration.ofSeconds(1));
      assertThat(path).doesNotExist();
    }
  }

  @Test
  void socketAloneIsEnough() throws Exception {
    try (GrpcEndpoint endpoint = GrpcEndpoint.builder(service).socket(path).start()) {
      assertThat(endpoint.port()).isEqualTo(-1);
      assertThat(endpoint.socket()).contains(path);
    }
  }

  @Test
  void socketThatNobodyServesIsReplaced() throws Exception {
    Files.createDirectory(
        path.getParent(),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    try (ServerSocketChannel left = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      left.bind(UnixDomainSocketAddress.of(path));
    }
    assertThat(path).exists();
    try (OpenEndpoint endpoint = endpoint()) {
      assertThat(models(endpoint)).isEqualTo(1);
    }
  }

  @Test
  void socketThatIsServedIsLeftAlone() {
    try (OpenEndpoint first = endpoint()) {
      assertThatThrownBy(() -> GrpcEndpoint.builder(service).socket(path).start())
          .isInstanceOf(AccessException.class)
          .hasMessageContaining("another process serves");
      assertThat(models(first)).isEqualTo(1);
      assertThat(path).exists();
    }
  }

  @Test
  void socketOfAnotherDoorIsNotRemoved() throws Exception {
    try (OpenEndpoint endpoint = endpoint()) {
      assertThat(models(endpoint)).isEqualTo(1);
      Files.delete(path);
      Files.writeString(path, "taken over");
    }
    assertThat(path).hasContent("taken over");
  }

  @Test
  void fileInItsPlaceIsRefused() throws Exception {
    Files.createDirectory(
        path.getParent(),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Files.writeString(path, "precious");
    assertThatThrownBy(() -> GrpcEndpoint.builder(service).socket(path).start())
        .isInstanceOf(AccessException.class)
        .hasMessageContaining("is no socket");
    assertThat(path).hasContent("precious");
  }

  @Test
  void folderThatIsOpenToOthersIsRefused() throws Exception {
    Files.createDirectory(path.getParent());
    Files.setPosixFilePermissions(path.getParent(), PosixFilePermissions.fromString("rwxr-xr-x"));
    assertThatThrownBy(() -> GrpcEndpoint.builder(service).socket(path).start())
        .isInstanceOf(AccessException.class)
        .hasMessageContaining("rwxr-xr-x");
  }

  @Test
  void pathThatIsTooLongIsRefused() {
    Path longPath = folder.resolve("x".repeat(100)).resolve("grpc.sock");
    assertThatThrownBy(() -> GrpcEndpoint.builder(service).socket(longPath).start())
        .isInstanceOf(AccessException.class)
        .hasMessageContaining("longer than");
  }
}
