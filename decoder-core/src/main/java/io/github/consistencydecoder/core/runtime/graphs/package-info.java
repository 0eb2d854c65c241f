/**
 * Networks opened from the cache of optimised graphs: what is kept for each, how it is made and how
 * it is opened.
 *
 * <p>Entry point: {@link io.github.consistencydecoder.core.runtime.graphs.GraphCache}. Everything
 * here may be used by several threads at once.
 */
package io.github.consistencydecoder.core.runtime.graphs;
