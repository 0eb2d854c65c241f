package io.github.consistencydecoder.core.export;

import io.github.consistencydecoder.core.noise.NoiseSource;
import io.github.consistencydecoder.plugin.Noise;
import java.util.ArrayList;
import java.util.List;

/**
 * The noise of an exported decode: for each step a tile {@code [3, 512, 512]}, successive draws of
 * PyTorch's CPU generator at seed 0, so that a picture of 512x512 pixels gets the library's default
 * noise. Other sizes see the tile's upper left part, or the tile repeated.
 */
final class NoiseTiles {
  /** Height and width of a tile, in pixels. */
  static final int SIDE = 512;

  /** What a model's metadata says about its noise. */
  static final String ID = "torch-cpu seed 0, tile 3x512x512";

  private static final long SEED = 0;

  private final List<float[]> tiles = new ArrayList<>();

  NoiseTiles(int steps) {
    NoiseSource source = NoiseSource.of(Noise.seeded(SEED), 1, SIDE, SIDE);
    for (int k = 0; k < steps; k++) {
      float[] tile = new float[source.size()];
      source.next(tile);
      tiles.add(tile);
    }
  }

  float[] tile(int step) {
    return tiles.get(step);
  }

  /** The same noise as the exported graph makes of the tiles, for decoding in process. */
  Noise over(int batch, int height, int width) {
    List<float[]> steps = new ArrayList<>();
    for (float[] tile : tiles) {
      float[] noise = new float[batch * 3 * height * width];
      int at = 0;
      for (int row = 0; row < batch * 3 * height; row++) {
        int channel = row / height % 3;
        int from = (channel * SIDE + row % height % SIDE) * SIDE;
        for (int column = 0; column < width; column++) {
          noise[at++] = tile[from + column % SIDE];
        }
      }
      steps.add(noise);
    }
    return Noise.given(steps);
  }
}
