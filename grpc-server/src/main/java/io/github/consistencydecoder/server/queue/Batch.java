package io.github.consistencydecoder.server.queue;

import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.server.models.BatchTrials;
import io.github.consistencydecoder.server.models.LoadedModel;
import io.github.consistencydecoder.server.models.ModelSupervisor;
import java.util.List;
import java.util.Optional;

/**
 * One use of a lane: a call, several that are decoded as one batch, or a trial of such a batch.
 *
 * @param members as they left the queue; none for a trial
 * @param trial instead of members
 * @param bytes reserved while it runs
 * @param predictedNanos of the work
 * @param startNanos when it was given a lane
 */
record Batch(
    ModelSupervisor keeper,
    LoadedModel model,
    List<Job<?>> members,
    Optional<BatchTrials.Trial> trial,
    Cancellation cancellation,
    long bytes,
    long predictedNanos,
    long startNanos) {}
