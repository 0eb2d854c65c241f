/**
 * From a model to a folder for ONNX pipelines, and the proof that it decodes as this library does.
 *
 * <p>Entry points: {@link io.github.consistencydecoder.core.export.ModelExport} and {@link
 * io.github.consistencydecoder.core.export.ExportCheck}. One thread an export.
 */
package io.github.consistencydecoder.core.export;
