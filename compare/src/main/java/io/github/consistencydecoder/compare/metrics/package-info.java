/**
 * How far apart two pictures are, in numbers. Every formula names its source; where scikit-image
 * has the measure, the numbers are the same.
 *
 * <p>Entry point: {@link io.github.consistencydecoder.compare.metrics.Measuring}. Everything here
 * is a function of its arguments and may be called from any thread.
 */
package io.github.consistencydecoder.compare.metrics;
