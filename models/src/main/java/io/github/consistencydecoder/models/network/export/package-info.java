/**
 * Models as folders that any ONNX pipeline loads in place of its own VAE: the whole decode in one
 * graph, both evaluations, the noise and the latents' normalisation included.
 *
 * <p>Entry points: {@link io.github.consistencydecoder.models.network.export.OnnxExport}, which
 * fills a folder, and {@link io.github.consistencydecoder.models.network.export.PreparedFolder},
 * which lets it appear under its name when it is complete. Nothing here runs a model. One thread an
 * export.
 */
package io.github.consistencydecoder.models.network.export;
