package io.github.consistencydecoder.server.core;

import io.github.consistencydecoder.plugin.Cancellation;
import java.util.List;

/**
 * One use of a lane: a call, or several that are decoded as one batch.
 *
 * @param members as they left the queue
 * @param bytes reserved while it runs
 * @param predictedNanos of the work
 * @param startNanos when it was given a lane
 */
record Run(
    OpenModel model,
    List<Call<?>> members,
    Cancellation cancellation,
    long bytes,
    long predictedNanos,
    long startNanos) {}
