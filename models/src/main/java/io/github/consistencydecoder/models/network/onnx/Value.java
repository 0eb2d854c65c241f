package io.github.consistencydecoder.models.network.onnx;

/**
 * A value of a graph under construction: an input, an initializer or a node's output. Belongs to
 * the builder that made it.
 *
 * @param name unique in the graph
 * @param type its element type
 */
public record Value(String name, ElementType type) {}
