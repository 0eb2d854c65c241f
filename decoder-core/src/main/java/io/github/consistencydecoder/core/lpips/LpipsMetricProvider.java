package io.github.consistencydecoder.core.lpips;

import io.github.consistencydecoder.core.opening.ModelOpening;
import io.github.consistencydecoder.core.opening.ModelSettings;
import io.github.consistencydecoder.core.opening.OpenModel;
import io.github.consistencydecoder.core.opening.Renewable;
import io.github.consistencydecoder.core.runtime.OnnxRuntime;
import io.github.consistencydecoder.core.runtime.graphs.GraphCache;
import io.github.consistencydecoder.core.runtime.graphs.NetworkModel;
import io.github.consistencydecoder.models.network.autoencoder.LpipsWeights;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.plugin.Availability;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.PictureMetric;
import io.github.consistencydecoder.plugin.PictureMetricProvider;
import java.io.IOException;
import java.util.Map;

/**
 * Opens LPIPS over SqueezeNet 1.1, version 0.1.
 *
 * <p>Configuration: {@link DecoderConfig#MODEL}, a file with torchvision's {@code features.*} of
 * SqueezeNet 1.1 and LPIPS's heads {@code lin0.weight} to {@code lin6.weight}; there is no default.
 * {@link DecoderConfig#DEVICE}, {@link DecoderConfig#THREADS} and {@code cache} as for the
 * consistency decoder; it is always computed in float32.
 */
public final class LpipsMetricProvider implements PictureMetricProvider {
  /** Name of this provider. */
  static final String NAME = "lpips-squeeze";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Availability availability() {
    return OnnxRuntime.availability();
  }

  @Override
  public PictureMetric open(DecoderConfig config) {
    if (config.get(DecoderConfig.MODEL).isEmpty()) {
      throw new DecoderException(
          DecoderErrorCode.MODEL_MISSING,
          NAME
              + " needs a file of weights: set '"
              + DecoderConfig.MODEL
              + "' to a safetensors file with SqueezeNet 1.1's features.* and lin0.weight to"
              + " lin6.weight");
    }
    DecoderConfig single = config.with(DecoderConfig.DTYPE, "float32");
    ModelSettings settings = ModelSettings.of(single, NAME, "");
    return new LpipsMetric(
        new Renewable<>(
            "the metric",
            () -> ModelOpening.open(settings, path -> path, model -> running(settings, model))));
  }

  private static LpipsMetric.Running running(ModelSettings settings, OpenModel model)
      throws IOException {
    LpipsWeights weights = LpipsWeights.of(model.checkpoint());
    String digest = model.digest();
    GraphCache cache = new GraphCache(settings.cache());
    NetworkModel network = cache.open(weights, digest, ElementType.FLOAT32, settings.session());
    Map<String, String> details =
        Map.of("parameters", Long.toString(weights.parameters()), "version", "0.1");
    var info = model.info(NAME, settings, digest, network.origin(), details);
    model.releaseTo(network.session());
    return new LpipsMetric.Running(info, network.session(), cache);
  }
}
