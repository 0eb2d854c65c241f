/**
 * Networks as data: which blocks a consistency decoder has at which widths, what its tensors are
 * called in each published format, and how it becomes an ONNX graph.
 */
package io.github.consistencydecoder.models.network;
