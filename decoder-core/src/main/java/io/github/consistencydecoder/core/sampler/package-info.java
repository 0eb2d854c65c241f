/**
 * The consistency sampler without the network: the noise schedule, the mixing of noise into the
 * picture, the clamp, progress and cancellation.
 *
 * <p>Entry point: {@link io.github.consistencydecoder.core.sampler.Sampler}, behind whose
 * one-method seam {@link io.github.consistencydecoder.core.sampler.Denoiser} the runtime stands.
 * Everything here may be used by several threads at once, except for a {@code NoiseSource}.
 */
package io.github.consistencydecoder.core.sampler;
