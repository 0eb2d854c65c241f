package io.github.consistencydecoder.core.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.core.noise.NoiseSource;
import io.github.consistencydecoder.plugin.Noise;
import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;

class NoiseTilesTest {
  private final NoiseTiles tiles = new NoiseTiles(2);

  @Test
  void aPictureAsLargeAsTheTileGetsTheLibrarysDefaultNoise() {
    Noise.Given noise = (Noise.Given) tiles.over(1, 512, 512);
    NoiseSource standard = NoiseSource.of(Noise.DEFAULT, 1, 512, 512);
    float[] expected = new float[standard.size()];
    for (int step = 0; step < 2; step++) {
      standard.next(expected);
      assertThat(noise.step(step)).isEqualTo(FloatBuffer.wrap(expected));
    }
  }

  @Test
  void beyondTheTileItBeginsAnewAndEveryPictureHasTheSame() {
    int height = 520;
    int width = 1032;
    FloatBuffer noise = ((Noise.Given) tiles.over(2, height, width)).step(1);
    float[] tile = tiles.tile(1);
    for (int[] at :
        new int[][] {{0, 0, 0, 0}, {1, 2, 519, 1031}, {0, 1, 512, 511}, {1, 0, 511, 1024}}) {
      int index = ((at[0] * 3 + at[1]) * height + at[2]) * width + at[3];
      assertThat(noise.get(index)).isEqualTo(tile[(at[1] * 512 + at[2] % 512) * 512 + at[3] % 512]);
    }
  }
}
