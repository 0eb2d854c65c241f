package io.github.consistencydecoder.compare.metrics;

import io.github.consistencydecoder.formats.pictures.Picture;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Measures pictures: against a truth, against each other, or by themselves. */
public final class Measuring {
  /** Changes whenever a measure changes, so that stored results are measured again. */
  public static final int VERSION = 1;

  private Measuring() {}

  /**
   * How true a picture is.
   *
   * @param further distances to measure as well
   * @throws IllegalArgumentException if the sizes differ
   */
  public static Measurements fidelity(
      Picture picture, Picture truth, List<? extends PictureDistance> further) {
    Map<String, Double> values = new LinkedHashMap<>();
    int side = Math.min(picture.width(), picture.height());
    put(values, Measure.PSNR, PixelError.psnr(picture, truth));
    if (side >= StructuralSimilarity.SMALLEST_SIDE) {
      put(values, Measure.SSIM, StructuralSimilarity.ssim(picture, truth));
    }
    if (side >= StructuralSimilarity.SMALLEST_SIDE_MULTI_SCALE) {
      put(values, Measure.MS_SSIM, StructuralSimilarity.multiScale(picture, truth));
    }
    addDifferences(values, picture, truth, further);
    return new Measurements(values);
  }

  /**
   * How much a picture differs from another where neither is the truth: no measure of quality is
   * among the values.
   *
   * @param further distances to measure as well
   * @throws IllegalArgumentException if the sizes differ
   */
  public static Measurements difference(
      Picture picture, Picture reference, List<? extends PictureDistance> further) {
    Map<String, Double> values = new LinkedHashMap<>();
    addDifferences(values, picture, reference, further);
    return new Measurements(values);
  }

  /** What can be said of one picture by itself. */
  public static Measurements alone(Picture picture) {
    Map<String, Double> values = new LinkedHashMap<>();
    if (Math.min(picture.width(), picture.height()) >= EdgeMeasures.SMALLEST_SIDE) {
      put(values, Measure.SHARPNESS, EdgeMeasures.sharpness(picture));
    }
    return new Measurements(values);
  }

  private static void addDifferences(
      Map<String, Double> values,
      Picture picture,
      Picture reference,
      List<? extends PictureDistance> further) {
    int side = Math.min(picture.width(), picture.height());
    put(values, Measure.MEAN_ABSOLUTE, PixelError.meanAbsoluteError(picture, reference));
    put(values, Measure.LARGEST, PixelError.largestDifference(picture, reference));
    put(values, Measure.COLOUR, ColourDifference.mean(picture, reference));
    double[] shift = PixelError.colourShift(picture, reference);
    put(values, Measure.SHIFT_RED, shift[0]);
    put(values, Measure.SHIFT_GREEN, shift[1]);
    put(values, Measure.SHIFT_BLUE, shift[2]);
    if (side >= EdgeMeasures.SMALLEST_SIDE) {
      put(values, Measure.EDGES, EdgeMeasures.edgeError(picture, reference));
      double sharpness = EdgeMeasures.sharpness(picture);
      double of = EdgeMeasures.sharpness(reference);
      put(values, Measure.SHARPNESS, sharpness);
      if (of > 0) {
        put(values, Measure.SHARPNESS_RATIO, sharpness / of);
      }
    }
    for (PictureDistance distance : further) {
      if (side >= distance.smallestSide()) {
        values.put(distance.name(), distance.between(picture, reference));
      }
    }
  }

  private static void put(Map<String, Double> values, Measure measure, double value) {
    values.put(measure.id(), value);
  }
}
