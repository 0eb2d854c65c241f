package io.github.consistencydecoder.compare;

import io.github.consistencydecoder.formats.pictures.Picture;

/** Pictures made up on the spot. */
public final class TestPictures {
  private TestPictures() {}

  /** Waves, a disc and a fine checkerboard, different for each seed. */
  public static Picture scene(int width, int height, int seed) {
    byte[] rgb = new byte[3 * width * height];
    int cx = width * (2 + seed % 5) / 8;
    int cy = height * (2 + seed % 3) / 6;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int i = 3 * (y * width + x);
        double wave = Math.sin((x + seed * 11) / 17.0) + Math.cos((y - seed * 5) / 23.0);
        boolean disc = Math.hypot(x - cx, y - cy) < Math.min(width, height) / 5.0;
        boolean board = x > width * 3 / 4 && y > height * 3 / 4 && (x / 2 + y / 2) % 2 == 0;
        rgb[i] = (byte) (board ? 250 : disc ? 220 : 120 + 40 * wave);
        rgb[i + 1] = (byte) (board ? 250 : disc ? 60 : 130 + 30 * wave);
        rgb[i + 2] = (byte) (board ? 250 : disc ? 50 : 150 - 45 * wave);
      }
    }
    return Picture.takeOver(width, height, rgb);
  }

  /** All of one grey. */
  public static Picture flat(int width, int height, int level) {
    byte[] rgb = new byte[3 * width * height];
    java.util.Arrays.fill(rgb, (byte) level);
    return Picture.takeOver(width, height, rgb);
  }
}
