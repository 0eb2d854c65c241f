package io.github.consistencydecoder.models.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.models.store.disk.DiskSpace;
import io.github.consistencydecoder.models.store.download.NetworkSettings;
import io.github.consistencydecoder.models.store.download.PullListener;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Several pulls of one model at once, and ways to the network. */
@Timeout(60)
class PullTogetherTest {
  private static final byte[] CONTENT = SampleModels.safetensors(300_000, 1);

  @TempDir Path folder;

  @Test
  void theSecondPullWaitsForTheFirstAndFetchesNothing() throws Exception {
    CountDownLatch waiting = new CountDownLatch(1);
    try (ScriptedServer server = new ScriptedServer()) {
      server.on(
          SampleModels.PATH,
          exchange -> {
            await(waiting);
            ScriptedServer.file(CONTENT, "").handle(exchange);
          });
      PullListener listener =
          new PullListener() {
            @Override
            public void waiting(String id) {
              waiting.countDown();
            }
          };
      ExecutorService threads = Executors.newFixedThreadPool(2);
      List<Future<Pulled>> pulls = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        ModelStore store = SampleModels.store(folder, SampleModels.singleFile(""), server.base());
        pulls.add(
            threads.submit(() -> store.pull(SampleModels.ID, SampleModels.quick(), listener)));
      }
      threads.shutdown();

      List<Boolean> alreadyThere = new ArrayList<>();
      for (Future<Pulled> pull : pulls) {
        alreadyThere.add(pull.get().files().get(0).alreadyThere());
      }

      assertThat(alreadyThere).containsExactlyInAnyOrder(false, true);
      assertThat(server.requests()).hasSize(1);
    }
  }

  @Test
  void aProxyIsAskedInPlaceOfTheHost() throws Exception {
    try (ScriptedServer proxy = new ScriptedServer()) {
      proxy.on("/base" + SampleModels.PATH, ScriptedServer.file(CONTENT, ""));
      ModelStore store =
          SampleModels.store(
              folder,
              SampleModels.singleFile(SampleModels.pinned(CONTENT)),
              Map.of(
                  NetworkSettings.MIRROR,
                  "http://mirror.example/base/",
                  "http_proxy",
                  proxy.base()),
              DiskSpace.REAL);

      store.pull(SampleModels.ID, SampleModels.quick(), PullListener.NONE);

      assertThat(proxy.requests())
          .extracting(ScriptedServer.Request::uri)
          .containsExactly("http://mirror.example/base/files/model.safetensors");
      assertThat(store.resolve(SampleModels.ID).path()).hasBinaryContent(CONTENT);
    }
  }

  @Test
  void aProxysQuestionForCredentialsIsAnswered() throws Exception {
    try (ScriptedServer proxy = new ScriptedServer()) {
      proxy.on(
          SampleModels.PATH,
          ScriptedServer.status(407, "Proxy-Authenticate", "Basic realm=\"proxy\""),
          ScriptedServer.file(CONTENT, ""));
      ModelStore store =
          SampleModels.store(
              folder,
              SampleModels.singleFile(SampleModels.pinned(CONTENT)),
              Map.of(
                  NetworkSettings.MIRROR,
                  "http://mirror.example",
                  "http_proxy",
                  proxy.base().replace("http://", "http://user:se%40cret@")),
              DiskSpace.REAL);

      store.pull(SampleModels.ID, SampleModels.quick(), PullListener.NONE);

      // "user:se@cret" in Base64.
      assertThat(proxy.requests().get(1).proxyAuthorization()).isEqualTo("Basic dXNlcjpzZUBjcmV0");
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
