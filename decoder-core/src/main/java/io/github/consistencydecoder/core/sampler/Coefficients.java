package io.github.consistencydecoder.core.sampler;

/**
 * The constants of one timestep, in variance-preserving coordinates: {@code x_t = sqrtAcp * x_0 +
 * sqrtOneMinusAcp * noise}, and the denoised picture is {@code cOut * network(cIn * x_t) + cSkip *
 * x_t}.
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
