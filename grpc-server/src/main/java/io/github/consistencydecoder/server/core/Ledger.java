package io.github.consistencydecoder.server.core;

/**
 * Counts of calls since the start. At rest {@code accepted = completed + cancelled + expired +
 * failed}, exactly.
 *
 * @param accepted taken into the queue
 * @param completed with a result
 * @param cancelled by the caller, or by the end of a drain
 * @param expired at their deadline, waiting or running
 * @param failed otherwise
 * @param rejected never accepted
 */
public record Ledger(
    long accepted, long completed, long cancelled, long expired, long failed, long rejected) {}
