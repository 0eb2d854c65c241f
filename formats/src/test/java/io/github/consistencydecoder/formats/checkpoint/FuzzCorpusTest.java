package io.github.consistencydecoder.formats.checkpoint;

import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the fuzzers found worth keeping, once more through every reader, and changed a little. */
class FuzzCorpusTest {
  @Test
  void safetensorsFilesAreAcceptedOrRefused() throws IOException {
    FuzzCorpus.replay("safetensors", Fuzzing.safetensorsSeeds(), Fuzzing::safetensors);
  }

  @Test
  void archivesAreAcceptedOrRefused() throws IOException {
    FuzzCorpus.replay("archive", Fuzzing.archiveSeeds(), Fuzzing::archive);
  }

  @Test
  void picklesAreAcceptedOrRefused() throws IOException {
    FuzzCorpus.replay("pickle", Fuzzing.pickleSeeds(), Fuzzing::pickle);
  }

  @Test
  void npyFilesAreAcceptedOrRefused() throws IOException {
    FuzzCorpus.replay("npy", Fuzzing.npySeeds(), Fuzzing::npy);
  }

  @Test
  void shardIndexesAreAcceptedOrRefused() throws IOException {
    FuzzCorpus.replay("index", Fuzzing.indexSeeds(), Fuzzing::index);
  }

  @Test
  void anyOfThemUnderAnyNameIsAcceptedOrRefused() throws IOException {
    for (String name : List.of("safetensors", "archive", "pickle", "npy", "index")) {
      FuzzCorpus.replay(name, Stream.empty(), Fuzzing::anyFile);
    }
  }
}
