/**
 * How much memory a run of a graph takes, worked out before it runs: shapes, order of execution,
 * which tensors share a buffer, and where the runtime's allocator puts them. Entry point: {@link
 * io.github.consistencydecoder.core.forecast.RunMemory}. Everything here is immutable or confined
 * to a call.
 */
package io.github.consistencydecoder.core.forecast;
