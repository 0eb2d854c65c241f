/**
 * Writes ONNX graphs. Entry point: {@link
 * io.github.consistencydecoder.models.network.onnx.GraphBuilder}; a builder is used by one thread.
 * Foreign ONNX files are never read.
 */
package io.github.consistencydecoder.models.network.onnx;
