package io.github.consistencydecoder.server.core;

/**
 * What a call will cost.
 *
 * @param operations floating-point operations, a multiply-add counted as two
 * @param peakBytes memory at its peak beyond the loaded model
 * @param nanos time of the work alone, without waiting; a high quantile rather than the mean
 */
public record Prediction(double operations, long peakBytes, long nanos) {}
