/**
 * ONNX graphs of the consistency network: whole, in bands, channels last, with Winograd's
 * convolutions.
 */
package io.github.consistencydecoder.models.network.graph;
