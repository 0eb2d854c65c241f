package io.github.consistencydecoder.core;

import java.util.Optional;

/**
 * The ways in which a decoder can divide a picture.
 *
 * <p>Owns what evaluates them, opened when first used. Safe for use by several threads. The caller
 * closes only when no decode is running; closing again does nothing.
 */
interface Divisions extends AutoCloseable {
  /** No way at all, as on a device whose memory is not looked after here. */
  Divisions NONE =
      new Divisions() {
        @Override
        public Optional<DecodePlan> bands(int height, int width, long bytes) {
          return Optional.empty();
        }

        @Override
        public Optional<DecodePlan> tiles(int height, int width, long bytes, WholeStep whole) {
          return Optional.empty();
        }

        @Override
        public void close() {}
      };

  /**
   * Layer by layer in bands of rows, with as much of it in memory as fits and the rest on disk.
   *
   * @param height in cells
   * @param width in cells
   * @param bytes that an evaluation may take, whole pictures aside
   * @return empty if that is not enough, or the disk is too full
   */
  Optional<DecodePlan> bands(int height, int width, long bytes);

  /**
   * In overlapping tiles, as large as fit.
   *
   * @param whole tells what a tile takes, as a picture of its size
   * @return empty if {@code bytes} are not enough, or the picture is no larger than such a tile
   */
  Optional<DecodePlan> tiles(int height, int width, long bytes, WholeStep whole);

  @Override
  void close();
}
