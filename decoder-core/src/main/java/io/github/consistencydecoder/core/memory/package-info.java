/**
 * How much memory there is, how much this process holds of it, and who may have the rest. Entry
 * point: {@link io.github.consistencydecoder.core.memory.MemoryLedger}, which is safe for use by
 * several threads.
 */
package io.github.consistencydecoder.core.memory;
