package io.github.consistencydecoder.plugin;

/**
 * The cost of a decode, known before it starts.
 *
 * @param operations floating-point operations, a multiply-add counted as two
 * @param peakBytes memory it will need at its peak beyond what the open decoder holds already
 */
public record DecodeEstimate(double operations, long peakBytes) {}
