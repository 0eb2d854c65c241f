/**
 * Evaluating the consistency network band by band of rows, layer by layer: the same picture as at
 * once, in less memory, at any size. Entry points: {@link
 * io.github.consistencydecoder.core.bands.BandPlan}, which says what an evaluation takes, and
 * {@link io.github.consistencydecoder.core.bands.BandedStep}, which may be used by several threads.
 */
package io.github.consistencydecoder.core.bands;
