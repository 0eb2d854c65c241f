package io.github.consistencydecoder.formats.checkpoint;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.provider.MethodSource;

/** Ten minutes of Jazzer with -Pfuzz; see {@link FuzzCorpusTest} for the ordinary build. */
@Tag("fuzz")
class FuzzLatentsTest {
  static Stream<byte[]> seeds() {
    return Fuzzing.latentsSeeds();
  }

  @MethodSource("seeds")
  @FuzzTest(maxDuration = "10m")
  void latents(byte[] input) {
    Fuzzing.check(input, Fuzzing::latents);
  }
}
