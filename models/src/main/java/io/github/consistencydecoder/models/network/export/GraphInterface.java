package io.github.consistencydecoder.models.network.export;

import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.network.onnx.GraphBuilder;
import io.github.consistencydecoder.models.network.onnx.Value;
import java.util.List;

/**
 * The inputs and outputs that ONNX pipelines know, all float32. Names and dimensions are literal:
 * Optimum splits the text of a dimension at its spaces, puts the input's sizes in and evaluates it.
 *
 * @param name as pipelines call it
 * @param dims a {@link Number} for a fixed dimension, a {@link String} for a symbolic one
 */
record GraphInterface(String name, List<Object> dims) {
  /** What a VAE decoder takes, unscaled. */
  static final GraphInterface LATENTS =
      new GraphInterface(
          "latent_sample", List.of("batch_size", 4L, "latent_height", "latent_width"));

  /** What a VAE decoder gives, nominally in {@code [-1, 1]}. */
  static final GraphInterface PICTURE =
      new GraphInterface(
          "sample", List.of("batch_size", 3L, "latent_height * 8", "latent_width * 8"));

  /** What a decode may start from: another decoder's picture. */
  static final GraphInterface START = new GraphInterface("start_sample", PICTURE.dims());

  /** What a VAE encoder takes, in {@code [-1, 1]}. */
  static final GraphInterface SOURCE =
      new GraphInterface("sample", List.of("batch_size", 3L, "sample_height", "sample_width"));

  /** What a VAE encoder gives: mean of the unscaled latents, then logarithm of their variance. */
  static final GraphInterface MOMENTS =
      new GraphInterface(
          "latent_parameters", List.of("batch_size", 8L, "sample_height / 8", "sample_width / 8"));

  GraphInterface {
    dims = List.copyOf(dims);
  }

  /** Adds this as an input. */
  Value addTo(GraphBuilder g) {
    return g.input(name, ElementType.FLOAT32, dims.toArray());
  }

  /** Declares a value of this name an output. */
  void declare(GraphBuilder g, Value value) {
    g.output(value, dims.toArray());
  }
}
