/**
 * The normalisation of latents before the network sees them.
 *
 * <p>Entry point: {@link io.github.consistencydecoder.core.latents.LatentTransform}. It may be used
 * by several threads at once.
 */
package io.github.consistencydecoder.core.latents;
