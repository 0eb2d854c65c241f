package io.github.consistencydecoder.core.runtime.graphs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.core.runtime.Device;
import io.github.consistencydecoder.core.runtime.SessionSettings;
import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import io.github.consistencydecoder.models.network.NetworkWeights;
import io.github.consistencydecoder.models.store.cache.CacheLocks;
import io.github.consistencydecoder.models.store.cache.EntryUse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happens when others make the entry that is being made. */
class GraphCacheRaceTest {
  private static final SessionSettings CPU = new SessionSettings(Device.choose("cpu"), 1);

  @TempDir private Path folder;

  /** What an entry's only file says, and the lock that came with it. */
  private static final class Opened implements EntryUse {
    private final String text;
    private CacheLocks.Held held = CacheLocks.Held.NONE;

    Opened(String text) {
      this.text = text;
    }

    @Override
    public void closeToo(CacheLocks.Held entry) {
      this.held = entry;
    }
  }

  /**
   * An entry whose file says who made it.
   *
   * @param unusable what a file says that cannot be opened
   * @param meanwhile is opened by somebody else while this is being made
   */
  private record Network(
      Checkpoint checkpoint, String maker, String unusable, Optional<Network> meanwhile, Path cache)
      implements CacheEntryType<Opened> {
    @Override
    public NetworkWeights weights() {
      return new NetworkWeights() {
        @Override
        public Checkpoint checkpoint() {
          return checkpoint;
        }

        @Override
        public TensorInfo tensor(String name) {
          return checkpoint.tensor(name);
        }
      };
    }

    @Override
    public List<String> identity() {
      return List.of("network of a test");
    }

    @Override
    public long bytes() {
      return 1;
    }

    @Override
    public void build(Path entry, SessionSettings settings) throws IOException {
      Files.writeString(entry.resolve("maker"), maker);
      if (meanwhile.isPresent()) {
        new GraphCache(cache).open(meanwhile.get(), "sha256:ab", settings).held.close();
      }
    }

    @Override
    public Opened load(Path entry, SessionSettings settings, String origin) throws IOException {
      String text = Files.readString(entry.resolve("maker"));
      if (text.equals(unusable)) {
        throw new IOException("unusable");
      }
      return new Opened(text);
    }

    @Override
    public Opened uncached(SessionSettings settings) {
      return new Opened("uncached");
    }
  }

  private Checkpoint checkpoint() throws IOException {
    return Checkpoints.open(
        Path.of(System.getProperty("project.root"))
            .resolve("decoder-core/src/test/resources/formats/f32/diffusers"));
  }

  private List<Path> graphs() throws IOException {
    try (Stream<Path> all = Files.list(folder.resolve("graphs"))) {
      return new ArrayList<>(all.toList());
    }
  }

  @Test
  void theEntryThatCameFirstStays() throws Exception {
    try (Checkpoint checkpoint = checkpoint()) {
      Network other = new Network(checkpoint, "other", "", Optional.empty(), folder);
      Network mine = new Network(checkpoint, "mine", "", Optional.of(other), folder);
      Opened opened = new GraphCache(folder).open(mine, "sha256:ab", CPU);
      assertThat(opened.text).isEqualTo("other");
      assertThat(graphs()).hasSize(1);
    }
  }

  @Test
  void anEntryThatCannotBeOpenedIsReplaced() throws Exception {
    try (Checkpoint checkpoint = checkpoint()) {
      Network bad = new Network(checkpoint, "bad", "", Optional.empty(), folder);
      assertThat(new GraphCache(folder).open(bad, "sha256:ab", CPU).text).isEqualTo("bad");
      Network mine = new Network(checkpoint, "mine", "bad", Optional.empty(), folder);
      Opened opened = new GraphCache(folder).open(mine, "sha256:ab", CPU);
      assertThat(opened.text).isEqualTo("mine");
      assertThat(graphs()).hasSize(1);
    }
  }

  @Test
  void anEntryThatAnotherHasReplacedMeanwhileStays() throws Exception {
    try (Checkpoint checkpoint = checkpoint()) {
      Network bad = new Network(checkpoint, "bad", "", Optional.empty(), folder);
      assertThat(new GraphCache(folder).open(bad, "sha256:ab", CPU).text).isEqualTo("bad");
      Network other = new Network(checkpoint, "other", "bad", Optional.empty(), folder);
      Network mine = new Network(checkpoint, "mine", "bad", Optional.of(other), folder);
      assertThat(new GraphCache(folder).open(mine, "sha256:ab", CPU).text).isEqualTo("other");
    }
  }

  @Test
  void whatCannotBeOpenedIsNotHeld() throws Exception {
    try (Checkpoint checkpoint = checkpoint()) {
      Files.writeString(folder.resolve("graphs"), "a file in the way");
      Network mine = new Network(checkpoint, "mine", "", Optional.empty(), folder);
      Opened opened = new GraphCache(folder).open(mine, "sha256:ab", CPU);
      assertThat(opened.text).isEqualTo("uncached");
      assertThat(opened.held).isSameAs(CacheLocks.Held.NONE);
    }
  }
}
