/**
 * Reproducible noise: the same seed gives the same values as PyTorch's CPU generator, bit for bit
 * on x86 with AVX2.
 *
 * <p>Entry point: {@link io.github.consistencydecoder.core.noise.NoiseSource}, one per decode; a
 * source is for one thread, different sources are independent.
 */
package io.github.consistencydecoder.core.noise;
