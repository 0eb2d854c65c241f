/** {@code export}: a model as a folder that ONNX pipelines load. Run once, by one thread. */
package io.github.consistencydecoder.cli.export;
