package io.github.consistencydecoder.core.bands;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Parts of a file never overlap and are used again. */
class SpillSpaceTest {
  private final SpillSpace space = new SpillSpace();

  @Test
  void aGapIsUsedAgain() {
    long first = space.allocate(100);
    space.allocate(50);
    space.free(first, 100);
    assertThat(space.allocate(60)).isEqualTo(first);
    assertThat(space.allocate(40)).isEqualTo(first + 60);
    assertThat(space.end()).isEqualTo(150);
  }

  @Test
  void neighbouringGapsBecomeOne() {
    long a = space.allocate(10);
    long b = space.allocate(20);
    long c = space.allocate(30);
    space.allocate(1);
    space.free(a, 10);
    space.free(c, 30);
    space.free(b, 20);
    assertThat(space.allocate(60)).isEqualTo(a);
    assertThat(space.end()).isEqualTo(61);
  }

  @Test
  void partsInUseNeverOverlap() {
    Random random = new Random(7);
    Map<Long, Long> used = new HashMap<>();
    for (int i = 0; i < 2000; i++) {
      if (!used.isEmpty() && random.nextInt(3) == 0) {
        long offset = used.keySet().iterator().next();
        space.free(offset, used.remove(offset));
      } else {
        long bytes = 1L + random.nextInt(40);
        long offset = space.allocate(bytes);
        used.forEach(
            (o, b) -> assertThat(offset + bytes <= o || o + b <= offset).as("overlap").isTrue());
        assertThat(offset + bytes).isLessThanOrEqualTo(space.end());
        used.put(offset, bytes);
      }
    }
  }
}
