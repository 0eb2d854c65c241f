package io.github.consistencydecoder.models.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpHandler;
import io.github.consistencydecoder.models.store.download.PullListener;
import io.github.consistencydecoder.models.store.download.PulledFile;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A store of one model of one file, and the server that it asks. */
@Timeout(60)
abstract class PullFixture {
  static final byte[] CONTENT = SampleModels.safetensors(300_000, 1);

  @TempDir Path folder;
  ScriptedServer server;

  @BeforeEach
  void start() throws IOException {
    server = new ScriptedServer();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  final ModelStore store(String fields) throws IOException {
    return SampleModels.store(folder, SampleModels.singleFile(fields), server.base());
  }

  /** Pulls the model of these fields from a server that answers as in the script. */
  final Pulled pull(String fields, HttpHandler... script) throws IOException {
    return pull(fields, PullListener.NONE, script);
  }

  final Pulled pull(String fields, PullListener listener, HttpHandler... script)
      throws IOException {
    if (script.length > 0) {
      server.on(SampleModels.PATH, script);
    }
    return store(fields).pull(SampleModels.ID, SampleModels.quick(), listener);
  }

  static Pulled pull(ModelStore store) throws IOException {
    return store.pull(SampleModels.ID, SampleModels.quick(), PullListener.NONE);
  }

  final Path part() {
    return folder.resolve("models/sample/model.safetensors.part");
  }

  /** What a pull tells. */
  static final class Heard implements PullListener {
    final List<String> reasons = new ArrayList<>();
    final List<Duration> waits = new ArrayList<>();
    final List<Long> totals = new ArrayList<>();
    final List<Long> done = new ArrayList<>();
    final List<Long> progressTotals = new ArrayList<>();
    final List<PulledFile> finished = new ArrayList<>();

    @Override
    public void retrying(String file, String reason, Duration wait) {
      reasons.add(reason);
      waits.add(wait);
    }

    @Override
    public void started(String file, URI from, long doneBytes, long total) {
      totals.add(total);
    }

    @Override
    public void progress(String file, long doneBytes, long total, double rate) {
      assertThat(rate).isNotNegative();
      done.add(doneBytes);
      progressTotals.add(total);
    }

    @Override
    public void finished(PulledFile file) {
      finished.add(file);
    }
  }
}
