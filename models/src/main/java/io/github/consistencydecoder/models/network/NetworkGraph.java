package io.github.consistencydecoder.models.network;

import java.nio.file.Path;

/**
 * A network as an ONNX model whose weights lie in files.
 *
 * @param model the serialised {@code ModelProto}; its external data are located relative to {@code
 *     root}
 * @param root folder that the runtime has to be told of
 */
public record NetworkGraph(byte[] model, Path root) {}
