/**
 * JMH benchmarks of whole calls through the public API. {@code docs/benchmarks.md} says how to run
 * them.
 */
package io.github.consistencydecoder.benchmarks;
