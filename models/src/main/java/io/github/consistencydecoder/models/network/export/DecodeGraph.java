package io.github.consistencydecoder.models.network.export;

import io.github.consistencydecoder.models.network.Conditioning;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.NetworkWeights;
import io.github.consistencydecoder.models.network.graph.DerivedWeights;
import io.github.consistencydecoder.models.network.graph.GraphWeights;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.network.onnx.GraphBuilder;
import io.github.consistencydecoder.models.network.onnx.PlaneTiling;
import io.github.consistencydecoder.models.network.onnx.Value;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Writes a whole consistency decode as one ONNX graph, from {@code [N, 4, h, w]} unscaled latents
 * to {@code [N, 3, 8h, 8w]}, for any batch and size; from a picture to start from as well, where
 * the sampler has one.
 *
 * <p>Arithmetic outside the network is in float32, operation by operation as the sampler does it.
 * Every picture of a batch gets the same noise.
 */
final class DecodeGraph {
  /** Changes whenever the graph does. */
  static final int VERSION = 1;

  private final GraphBuilder g = new GraphBuilder("consistency_decoder");
  private final ConsistencyWeights network;
  private final ExportedSampler sampler;
  private final SharedWeights weights;
  private final ElementType type;

  /**
   * @param watched the network's tensors; whoever wants to know which is read listens here
   */
  DecodeGraph(
      ConsistencyWeights network,
      NetworkWeights watched,
      ExportedSampler sampler,
      ElementType type,
      DerivedWeights derived,
      Path root) {
    this.network = network;
    this.sampler = sampler;
    this.weights = new SharedWeights(new GraphWeights(g, watched, derived, root));
    this.type = type;
  }

  /** The graph; its weights are in the file of derived ones when this returns. */
  GraphBuilder build() throws IOException {
    Value latents = GraphInterface.LATENTS.addTo(g);
    Value normal =
        g.add(
            "features",
            g.mul(
                "features.scaled", latents, perChannel("features.factor", sampler.latentFactor())),
            perChannel("features.offset", sampler.latentOffset()));
    Value enlarged =
        g.enlarge("latent", g.cast("features.cast", normal, type), Latents.PIXELS_PER_CELL);
    PlaneTiling tiling =
        new PlaneTiling(g, "noise", latents, Latents.PIXELS_PER_CELL, 3, sampler.tileSide());
    Value picture = sampler.started() ? clamped("start.", GraphInterface.START.addTo(g)) : null;
    for (int k = 0; k < sampler.steps().size(); k++) {
      picture = step(k, picture, enlarged, tiling);
    }
    GraphInterface.PICTURE.declare(g, g.identity(GraphInterface.PICTURE.name(), picture));
    return g;
  }

  private Value step(int index, Value picture, Value latent, PlaneTiling tiling)
      throws IOException {
    ExportedSampler.Step step = sampler.steps().get(index);
    String scope = "step" + (index + 1) + ".";
    int side = sampler.tileSide();
    Value tile = weights.derived(scope + "noise.tile", step.noise(), 3, side, side);
    Value noisy = scaled(scope + "noise.scaled", tiling.of(scope + "noise", tile), step.spread());
    if (picture != null) {
      noisy = g.add(scope + "x_t", scaled(scope + "signal", picture, step.signal()), noisy);
    }
    Value image = g.cast(scope + "image.cast", scaled(scope + "image", noisy, step.cIn()), type);
    Value input = g.concat(scope + "input", image, latent);
    float[] conditioning = Conditioning.of(network, step.timestep());
    StepNetwork evaluation =
        new StepNetwork(g, network.network(), weights, type, scope, conditioning);
    Value y = g.cast(scope + "y", evaluation.of(input), ElementType.FLOAT32);
    Value x0 =
        g.add(
            scope + "x0",
            scaled(scope + "y.scaled", y, step.cOut()),
            scaled(scope + "skipped", noisy, step.cSkip()));
    return clamped(scope, x0);
  }

  private Value clamped(String scope, Value picture) {
    return sampler.clamped() ? g.clip(scope + "clamped", picture, -1f, 1f) : picture;
  }

  private Value scaled(String name, Value x, float factor) {
    return g.mul(name, x, g.constant(name + ".factor", new float[] {factor}));
  }

  private Value perChannel(String name, float[] values) {
    return g.constant(name, values, values.length, 1, 1);
  }
}
