package io.github.consistencydecoder.formats.checkpoint;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.provider.MethodSource;

/** Ten minutes of Jazzer with -Pfuzz; see {@link FuzzCorpusTest} for the ordinary build. */
@Tag("fuzz")
class FuzzIndexTest {
  static Stream<byte[]> seeds() {
    return Fuzzing.indexSeeds();
  }

  @MethodSource("seeds")
  @FuzzTest(maxDuration = "10m")
  void index(byte[] input) {
    Fuzzing.check(input, Fuzzing::index);
  }
}
