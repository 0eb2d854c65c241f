/**
 * The consistency sampler without the network: the normalisation of latents, the noise schedule,
 * the mixing of noise into the picture, the clamp, progress and cancellation.
 *
 * <p>Entry point: {@link io.github.consistencydecoder.core.sampler.Sampler}, behind whose seam
 * {@link io.github.consistencydecoder.core.sampler.StepEvaluator} the runtime stands. Everything
 * here may be used by several threads at once.
 */
package io.github.consistencydecoder.core.sampler;
