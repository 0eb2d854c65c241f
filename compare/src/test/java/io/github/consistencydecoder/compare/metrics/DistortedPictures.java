package io.github.consistencydecoder.compare.metrics;

import io.github.consistencydecoder.formats.pictures.Picture;

/** Pictures and distortions in integer arithmetic, the same as in make_metric_goldens.py. */
final class DistortedPictures {
  private DistortedPictures() {}

  /** The upper 8 bits of splitmix64. */
  private static int hashed(long seed, int i) {
    long z = (seed + i + 1) * 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    z = z ^ (z >>> 31);
    return (int) (z >>> 56);
  }

  static Picture synthetic(int width, int height, long seed) {
    byte[] rgb = new byte[3 * width * height];
    int side = Math.min(width, height);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int dx = x - width / 2;
        int dy = y - height / 2;
        boolean disc = (dx * dx + dy * dy) * 9 < side * side;
        int[] base =
            disc
                ? new int[] {200, 90, 40}
                : new int[] {(3 * x + 5 * y) % 256, (x * y / 7) % 256, 255 - (2 * x + y) % 256};
        for (int c = 0; c < 3; c++) {
          int i = 3 * (y * width + x) + c;
          rgb[i] = clipped(base[c] + hashed(seed, i) % 15 - 7);
        }
      }
    }
    return Picture.takeOver(width, height, rgb);
  }

  static Picture distorted(Picture picture, String kind, long seed) {
    int[] cast = {6, -4, 9};
    byte[] rgb = picture.rgb();
    byte[] out = new byte[rgb.length];
    for (int i = 0; i < rgb.length; i++) {
      int v = rgb[i] & 0xff;
      int changed =
          switch (kind) {
            case "noise" -> v + hashed(seed, i) % 41 - 20;
            case "blur" -> blurred(picture, i);
            case "cast" -> v + cast[i % 3];
            case "posterise" -> v / 32 * 32 + 16;
            case "contrast" -> Math.floorDiv((v - 128) * 5, 4) + 128;
            default -> throw new IllegalArgumentException(kind);
          };
      out[i] = clipped(changed);
    }
    return Picture.takeOver(picture.width(), picture.height(), out);
  }

  private static int blurred(Picture picture, int i) {
    int x = i / 3 % picture.width();
    int y = i / 3 / picture.width();
    int sum = 0;
    for (int dy = -1; dy <= 1; dy++) {
      for (int dx = -1; dx <= 1; dx++) {
        int nx = Math.min(Math.max(x + dx, 0), picture.width() - 1);
        int ny = Math.min(Math.max(y + dy, 0), picture.height() - 1);
        sum += picture.level(nx, ny, i % 3);
      }
    }
    return (sum + 4) / 9;
  }

  private static byte clipped(int v) {
    return (byte) Math.min(Math.max(v, 0), 255);
  }
}
