package io.github.consistencydecoder.compare.metrics;

import java.util.Optional;

/** The measures, in the order in which they are shown. */
public enum Measure {
  /** {@link PixelError#psnr}. Only against a truth. */
  PSNR("psnr", "PSNR", "dB", 2, Better.HIGHER),
  /** {@link StructuralSimilarity#ssim}. Only against a truth. */
  SSIM("ssim", "SSIM", "", 4, Better.HIGHER),
  /** {@link StructuralSimilarity#multiScale}. Only against a truth. */
  MS_SSIM("ms_ssim", "MS-SSIM", "", 4, Better.HIGHER),
  /** {@link PixelError#meanAbsoluteError}. */
  MEAN_ABSOLUTE("mae", "mean difference", "levels", 2, Better.LOWER),
  /** {@link PixelError#largestDifference}. */
  LARGEST("max", "largest difference", "levels", 0, Better.LOWER),
  /** {@link ColourDifference#mean}. */
  COLOUR("delta_e", "colour difference (ΔE 2000)", "", 2, Better.LOWER),
  /** {@link PixelError#colourShift}, red. */
  SHIFT_RED("shift_r", "red shift", "levels", 2, Better.NEAR_ZERO),
  /** {@link PixelError#colourShift}, green. */
  SHIFT_GREEN("shift_g", "green shift", "levels", 2, Better.NEAR_ZERO),
  /** {@link PixelError#colourShift}, blue. */
  SHIFT_BLUE("shift_b", "blue shift", "levels", 2, Better.NEAR_ZERO),
  /** {@link EdgeMeasures#edgeError}. */
  EDGES("edge", "edge difference", "levels", 2, Better.LOWER),
  /** {@link EdgeMeasures#sharpness} of the picture by itself. */
  SHARPNESS("sharpness", "sharpness", "", 1, Better.NEITHER),
  /**
   * {@link EdgeMeasures#sharpness} of the picture divided by that of the reference. Coarse blocks
   * have sharp edges too, so that nearness to 1 is no merit.
   */
  SHARPNESS_RATIO("sharpness_ratio", "sharpness ratio", "", 3, Better.NEITHER);

  /** Which value is the better one where there is a truth. */
  public enum Better {
    /** The higher. */
    HIGHER,
    /** The lower. */
    LOWER,
    /** The one nearer to 0. */
    NEAR_ZERO,
    /** Neither by itself. */
    NEITHER
  }

  private final String id;
  private final String label;
  private final String unit;
  private final int digits;
  private final Better better;

  Measure(String id, String label, String unit, int digits, Better better) {
    this.id = id;
    this.label = label;
    this.unit = unit;
    this.digits = digits;
    this.better = better;
  }

  /** The spelling in files. */
  public String id() {
    return id;
  }

  /** What a person calls it. */
  public String label() {
    return label;
  }

  /** {@code dB}, {@code levels} of 0 to 255, or empty. */
  public String unit() {
    return unit;
  }

  /** Digits after the point that are worth showing. */
  public int digits() {
    return digits;
  }

  /** Which value is the better one where there is a truth. */
  public Better better() {
    return better;
  }

  /** The measure of that id. */
  public static Optional<Measure> of(String id) {
    for (Measure measure : values()) {
      if (measure.id.equals(id)) {
        return Optional.of(measure);
      }
    }
    return Optional.empty();
  }
}
