package io.github.consistencydecoder.core.sampler;

import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;

/**
 * The noise schedule that the consistency decoder was trained with: 1024 timesteps, alpha-bar of
 * cosine shape (Nichol and Dhariwal, "Improved Denoising Diffusion Probabilistic Models", section
 * 3.2), and the boundary conditions of Song et al., "Consistency Models", with sigma_data 0.5 and
 * brought to variance-preserving coordinates.
 *
 * <p>Computed in double precision throughout. PyTorch rounds the betas to float32 first, which
 * moves the constants by less than 1e-6 of their value.
 */
public final class NoiseSchedule {
  /** Number of timesteps. */
  public static final int TIMESTEPS = 1024;

  /** Variance of the data that the boundary conditions assume: sigma_data squared. */
  private static final double DATA_VARIANCE = 0.25;

  private static final double LARGEST_BETA = 0.999;

  private static final double[] ACP = products();

  private NoiseSchedule() {}

  /**
   * The constants of one timestep, in variance-preserving coordinates: {@code x_t = sqrtAcp * x_0 +
   * sqrtOneMinusAcp * noise}, and the denoised picture is {@code cOut * network(cIn * x_t) + cSkip
   * * x_t}.
   *
   * @param acp product of all alphas up to and including this timestep, {@code (0, 1)}
   * @param sqrtAcp its square root
   * @param sqrtOneMinusAcp square root of {@code 1 - acp}
   * @param cSkip weight of the noisy picture in the result
   * @param cOut weight of the network's output in the result
   * @param cIn weight of the noisy picture in the network's input
   */
  public record Coefficients(
      double acp, double sqrtAcp, double sqrtOneMinusAcp, double cSkip, double cOut, double cIn) {}

  /**
   * The constants of a timestep.
   *
   * @param timestep {@code 0 .. 1023}
   */
  public static Coefficients coefficients(int timestep) {
    if (timestep < 0 || timestep >= TIMESTEPS) {
      throw new IllegalArgumentException("timestep " + timestep + " is outside 0 .. 1023");
    }
    double acp = ACP[timestep];
    double variance = 1 / acp - 1;
    double total = variance + DATA_VARIANCE;
    return new Coefficients(
        acp,
        Math.sqrt(acp),
        Math.sqrt(1 - acp),
        Math.sqrt(1 / acp) * DATA_VARIANCE / total,
        Math.sqrt(variance) * Math.sqrt(DATA_VARIANCE) / Math.sqrt(total),
        Math.sqrt(1 / acp) / Math.sqrt(total));
  }

  /**
   * Refuses a timestep that a model was not trained for.
   *
   * @param timesteps of the model
   * @throws DecoderException {@link DecoderErrorCode#INVALID_OPTIONS}
   */
  public static void requireOf(int timesteps, int timestep) {
    if (timestep >= timesteps) {
      throw new DecoderException(
          DecoderErrorCode.INVALID_OPTIONS,
          "timestep " + timestep + " is outside this model's 1 .. " + (timesteps - 1));
    }
  }

  private static double[] products() {
    double[] acp = new double[TIMESTEPS];
    double product = 1;
    for (int i = 0; i < TIMESTEPS; i++) {
      product *= 1 - beta(i);
      acp[i] = product;
    }
    return acp;
  }

  /** The noise that step {@code i} adds. */
  static double beta(int i) {
    double next = alphaBar((i + 1) / (double) TIMESTEPS);
    return Math.min(1 - next / alphaBar(i / (double) TIMESTEPS), LARGEST_BETA);
  }

  private static double alphaBar(double u) {
    double c = StrictMath.cos((u + 0.008) / 1.008 * Math.PI / 2);
    return c * c;
  }
}
