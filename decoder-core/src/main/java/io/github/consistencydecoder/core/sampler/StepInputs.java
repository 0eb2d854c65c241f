package io.github.consistencydecoder.core.sampler;

/**
 * What a step needs besides the noisy pictures.
 *
 * @param batch N
 * @param height h, of the latents in cells
 * @param width w, of the latents in cells
 * @param features {@code [N, 4, h, w]}, normalised latents
 * @param conditioning packed conditioning of the timestep; where the graph is given its norms'
 *     statistics, these folded with it
 * @param coefficients c_in, c_out, c_skip of the timestep
 */
public record StepInputs(
    int batch,
    int height,
    int width,
    float[] features,
    float[] conditioning,
    float[] coefficients) {}
