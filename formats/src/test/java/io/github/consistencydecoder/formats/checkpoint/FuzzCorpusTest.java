package io.github.consistencydecoder.formats.checkpoint;

import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the fuzzers found worth keeping, once more through every reader, and changed a little. */
class FuzzCorpusTest {
  @Test
  void safetensorsFilesAreAcceptedOrRefused() throws IOException {
    Fuzzing.replay("safetensors", Fuzzing.safetensorsSeeds(), Fuzzing::safetensors);
  }

  @Test
  void archivesAreAcceptedOrRefused() throws IOException {
    Fuzzing.replay("archive", Fuzzing.archiveSeeds(), Fuzzing::archive);
  }

  @Test
  void picklesAreAcceptedOrRefused() throws IOException {
    Fuzzing.replay("pickle", Fuzzing.pickleSeeds(), Fuzzing::pickle);
  }

  @Test
  void latentsAreAcceptedOrRefused() throws IOException {
    Fuzzing.replay("latents", Fuzzing.latentsSeeds(), Fuzzing::latents);
  }

  @Test
  void npyFilesAreAcceptedOrRefused() throws IOException {
    Fuzzing.replay("npy", Fuzzing.npySeeds(), Fuzzing::npy);
  }

  @Test
  void shardIndexesAreAcceptedOrRefused() throws IOException {
    Fuzzing.replay("index", Fuzzing.indexSeeds(), Fuzzing::index);
  }

  @Test
  void anyOfThemUnderAnyNameIsAcceptedOrRefused() throws IOException {
    for (String name : List.of("safetensors", "archive", "pickle", "npy", "index")) {
      Fuzzing.replay(name, Stream.empty(), Fuzzing::anyFile);
    }
  }
}
