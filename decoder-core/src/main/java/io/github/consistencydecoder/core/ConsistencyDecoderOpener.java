package io.github.consistencydecoder.core;

import io.github.consistencydecoder.core.memory.MemoryLedger;
import io.github.consistencydecoder.core.opening.ModelOpening;
import io.github.consistencydecoder.core.opening.ModelSettings;
import io.github.consistencydecoder.core.opening.OpenModel;
import io.github.consistencydecoder.core.opening.Renewable;
import io.github.consistencydecoder.core.runtime.Device;
import io.github.consistencydecoder.core.runtime.GraphCache;
import io.github.consistencydecoder.core.runtime.SessionSettings;
import io.github.consistencydecoder.core.runtime.StepModel;
import io.github.consistencydecoder.formats.io.SystemMemory;
import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.onnx.ElementType;
import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** From a configuration to an open decoder: find the model, read it, build or fetch its graph. */
final class ConsistencyDecoderOpener {
  private ConsistencyDecoderOpener() {}

  static LatentDecoder open(DecoderConfig config) {
    ModelSettings settings =
        ModelSettings.ofConsistencyDecoder(config, "the consistency decoder", "tiny");
    Renewable<ConsistencyDecoder> renewable =
        new Renewable<>(
            "the decoder",
            () -> ModelOpening.open(settings, path -> path, model -> decoder(settings, model)));
    return new LatentDecoder() {
      @Override
      public DecoderInfo info() {
        return renewable.ask(LatentDecoder::info);
      }

      @Override
      public DecodeEstimate estimate(int batch, int height, int width, DecodeOptions options) {
        return renewable.ask(decoder -> decoder.estimate(batch, height, width, options));
      }

      @Override
      public Decoded decode(Latents latents, DecodeOptions options) {
        return renewable.decode(decoder -> decoder.decode(latents, options), options);
      }

      @Override
      public void close() {
        renewable.close();
      }
    };
  }

  private static ConsistencyDecoder decoder(ModelSettings settings, OpenModel model)
      throws IOException {
    ConsistencyWeights weights = ConsistencyWeights.of(model.checkpoint(), model.config());
    String digest = model.digest();
    GraphCache cache = new GraphCache(settings.cache());
    StepModel step = cache.open(weights, digest, settings.type(), settings.session());
    Optional<Float32Fallback.Opening> wider =
        wider(settings, weights.network())
            .map(session -> () -> cache.open(weights, digest, ElementType.FLOAT32, session));
    Map<String, String> network = new TreeMap<>();
    network.put("widths", weights.network().widths().toString());
    network.put("layers", Integer.toString(weights.network().layers()));
    network.put("parameters", Long.toString(weights.network().parameters()));
    SessionSettings session = settings.session();
    if (session.layout().channelsLast(session.device(), weights.network())) {
      network.put(ModelSettings.LAYOUT, "nhwc");
    }
    DecoderInfo info =
        model.info(ConsistencyDecoderProvider.NAME, settings, digest, step.origin(), network);
    MemoryLedger ledger = new MemoryLedger(settings.memory(), SystemMemory.here()::own);
    return new ConsistencyDecoder(
        info,
        weights,
        cache,
        new Float32Fallback(step, wider),
        new NetworkDivisions(cache, weights, digest, settings),
        ledger);
  }

  /**
   * How the network is opened for decodes that gave no numbers: in float32, and in the plain
   * layout, since CUDA's norm channels last takes the variance as a difference that can be below 0.
   * Empty where that is how it is opened anyway.
   */
  static Optional<SessionSettings> wider(ModelSettings settings, ConsistencyNetwork network) {
    SessionSettings session = settings.session();
    boolean last = session.layout().channelsLast(session.device(), network);
    boolean cuda = session.device().kind() == Device.Kind.CUDA;
    return settings.type() == ElementType.FLOAT32 && !(last && cuda)
        ? Optional.empty()
        : Optional.of(session.plain());
  }
}
