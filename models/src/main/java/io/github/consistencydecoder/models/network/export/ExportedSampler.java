package io.github.consistencydecoder.models.network.export;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * A sampler as the numbers that go into a graph. Arrays are borrowed until the export ends.
 *
 * @param steps the evaluations in order
 * @param clamped whether the picture is clamped to {@code [-1, 1]} after every step
 * @param latentFactor what each channel of an unscaled latent is multiplied by, {@code [4]}
 * @param latentOffset what is added to it then, {@code [4]}; together they normalise the latent
 * @param tileSide height and width of the noise, in pixels; it is repeated beyond
 * @param started whether the first step has a picture to start from, which is an input then
 */
@SuppressWarnings("ArrayRecordComponent") // numbers on their way into a file, never compared
public record ExportedSampler(
    List<Step> steps,
    boolean clamped,
    float[] latentFactor,
    float[] latentOffset,
    int tileSide,
    boolean started) {
  public ExportedSampler {
    steps = List.copyOf(steps);
    requireNonNull(latentFactor, "latentFactor");
    requireNonNull(latentOffset, "latentOffset");
    if (steps.isEmpty()) {
      throw new IllegalArgumentException("a sampler has at least one step");
    }
    for (Step s : steps) {
      if (s.noise().length != 3 * tileSide * tileSide) {
        throw new IllegalArgumentException(
            "the noise of timestep "
                + s.timestep()
                + " has "
                + s.noise().length
                + " values, tiles of [3, "
                + tileSide
                + ", "
                + tileSide
                + "] are needed");
      }
    }
  }

  /**
   * One evaluation: {@code x = signal * picture + spread * noise}, and the next picture is {@code
   * cOut * network(cIn * x) + cSkip * x}.
   *
   * @param timestep a row of the time table
   * @param signal weight of the picture before this step
   * @param spread weight of the noise
   * @param cIn weight of the noisy picture in the network's input
   * @param cOut weight of the network's output in the result
   * @param cSkip weight of the noisy picture in the result
   * @param noise {@code [3, side, side]}, standard-normal
   */
  @SuppressWarnings("ArrayRecordComponent") // as above
  public record Step(
      int timestep,
      float signal,
      float spread,
      float cIn,
      float cOut,
      float cSkip,
      float[] noise) {}
}
