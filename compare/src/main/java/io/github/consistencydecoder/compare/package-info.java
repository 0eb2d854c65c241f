/**
 * Before and after: the same latents through two or more decoders, with numbers where there is a
 * truth and pictures where there is none.
 *
 * <p>Entry point: {@link io.github.consistencydecoder.compare.Comparison}. Decoders are the
 * caller's; this module knows only the contract in {@code plugin-api}.
 */
package io.github.consistencydecoder.compare;
