package io.github.consistencydecoder.core.plan;

import io.github.consistencydecoder.core.plan.Planner.Task;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The ways in which one network can evaluate pictures, each with what it takes.
 *
 * <p>Owns what evaluates them; for bands and tiles that is opened when first used. Safe for use by
 * several threads. The caller closes only when no decode is running; closing again does nothing.
 */
public interface Evaluators extends AutoCloseable {
  /**
   * Pictures that one run can take whole; 0 if they are too large.
   *
   * @param height in cells
   * @param width in cells
   */
  int largestBatch(int height, int width);

  /**
   * Whole pictures.
   *
   * @param together pictures of one run at most
   * @param height in cells
   * @param width in cells
   * @return with the bytes that the runtime holds at the peak of a run, inputs and output included
   */
  Planned whole(int together, int height, int width);

  /**
   * Layer by layer in bands of rows, with as much of it in memory as fits and the rest on disk.
   *
   * @param height in cells
   * @param width in cells
   * @param bytes that an evaluation may take, whole pictures aside
   * @return empty if that is not enough, the disk is too full, or bands are not to be had here
   */
  Optional<Planned> bands(int height, int width, long bytes);

  /**
   * In overlapping tiles, as large as fit.
   *
   * @return empty if {@code bytes} are not enough, or the picture is no larger than such a tile
   */
  Optional<Planned> tiles(int height, int width, long bytes);

  /** Floating point operations of all steps. */
  double operations(Task task);

  /** Bytes of another device's memory that a decode takes; empty on the CPU. */
  OptionalLong deviceBytes(Task task);

  @Override
  void close();
}
