/**
 * What happens to latents before the network sees them: refusals and warnings, the guess of their
 * scale, and the normalisation.
 *
 * <p>Entry points: {@link io.github.consistencydecoder.core.latents.LatentCheck}, {@link
 * io.github.consistencydecoder.core.latents.LatentTransform} and, for callers that do not know what
 * they hold, {@link io.github.consistencydecoder.core.latents.LatentScaleGuess}. Everything here
 * may be used by several threads at once.
 */
package io.github.consistencydecoder.core.latents;
