package io.github.consistencydecoder.plugin;

/**
 * What a decode will cost, said before it starts.
 *
 * @param operations floating-point operations, a multiply-add counted as two
 * @param peakBytes memory it will need at its peak beyond what the open decoder holds already
 */
public record DecodeEstimate(double operations, long peakBytes) {}
