package io.github.consistencydecoder.core.tiles;

import io.github.consistencydecoder.core.ConsistencyDecoderProvider;
import io.github.consistencydecoder.core.noise.NoiseSource;
import io.github.consistencydecoder.core.opening.ModelSettings;
import io.github.consistencydecoder.core.opening.OpenModel;
import io.github.consistencydecoder.core.runtime.SharedNormSteps;
import io.github.consistencydecoder.core.runtime.graphs.GraphCache;
import io.github.consistencydecoder.core.runtime.graphs.StepModel;
import io.github.consistencydecoder.core.sampler.Sampler;
import io.github.consistencydecoder.core.sampler.StepEvaluator;
import io.github.consistencydecoder.models.network.Conditioning;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.Noise;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/**
 * A model opened both ways: for whole pictures and for tiles.
 *
 * <p>Owns everything.
 */
final class TiledDecodes implements AutoCloseable {
  final ConsistencyWeights weights;
  final StepModel whole;
  private final SharedNormSteps sharedNorms;
  private final OpenModel model;

  private TiledDecodes(
      OpenModel model, ConsistencyWeights weights, StepModel whole, SharedNormSteps sharedNorms) {
    this.model = model;
    this.weights = weights;
    this.whole = whole;
    this.sharedNorms = sharedNorms;
  }

  /**
   * Opens a model.
   *
   * @param name {@code tiny} or a path
   * @param convolutions {@code direct} or {@code winograd}
   */
  static TiledDecodes open(String name, String convolutions, Path cache) {
    DecoderConfig config =
        DecoderConfig.model(name)
            .with(DecoderConfig.DEVICE, "cpu")
            .with(ConsistencyDecoderProvider.CACHE, cache.toString())
            .with(ModelSettings.CONVOLUTIONS, convolutions);
    ModelSettings settings = ModelSettings.ofConsistencyDecoder(config, "the test", "tiny");
    return OpenModel.open(settings, path -> path, model -> of(settings, model));
  }

  private static TiledDecodes of(ModelSettings settings, OpenModel model) throws IOException {
    ConsistencyWeights weights = ConsistencyWeights.of(model.checkpoint(), model.config());
    GraphCache cache = new GraphCache(settings.cache());
    String digest = model.digest();
    return new TiledDecodes(
        model,
        weights,
        cache.open(weights, digest, settings.type(), settings.session()),
        cache.openSharedNorms(weights, digest, settings.type(), settings.session()));
  }

  /** Two steps with a seed's noise, clamped after each. */
  float[] decode(int batch, int height, int width, float[] features, StepEvaluator step) {
    NoiseSource noise = NoiseSource.of(Noise.seeded(7), batch, 8 * height, 8 * width);
    return new Sampler(batch, height, width, features, this::conditioning)
        .sample(DecodeOptions.defaults(), noise, step)
        .x0();
  }

  float[] conditioning(int timestep) {
    try {
      return Conditioning.of(weights, timestep);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  StepEvaluator untiled() {
    return (in, noisy, image, cancellation) ->
        whole.session().evaluate(in, in.batch(), noisy, image, cancellation);
  }

  StepEvaluator tiles(TilePlan plan) {
    return new Tiles(() -> sharedNorms, plan);
  }

  /**
   * Normalised latents whose areas differ as much as sky and leaves do: plain, wavy, grainy, and
   * steps of brightness.
   */
  static float[] features(int height, int width) {
    float[] features = new float[4 * height * width];
    java.util.Random random = new java.util.Random(5);
    for (int i = 0; i < features.length; i++) {
      int channel = i / (height * width);
      double y = (double) (i / width % height) / height;
      double x = (double) (i % width) / width;
      double plain = channel == 0 ? 1.2 : -0.3;
      double wavy = Math.sin(9 * x + 17 * y + channel);
      double grainy = 1.1 * random.nextGaussian();
      double steps = Math.floor(5 * x + channel) % 3 - 1;
      features[i] = (float) (y < 0.5 ? (x < 0.4 ? plain : grainy) : x < 0.6 ? wavy : steps);
    }
    return features;
  }

  /** Of values in {@code [-1, 1]}, in dB. */
  static double psnr(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
    }
    return 10 * Math.log10(4 / (sum / a.length));
  }

  @Override
  public void close() throws IOException {
    sharedNorms.close();
    whole.session().close();
    model.checkpoint().close();
  }
}
