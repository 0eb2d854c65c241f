package io.github.consistencydecoder.core;

import io.github.consistencydecoder.core.memory.MemoryLedger;
import io.github.consistencydecoder.core.opening.ModelSettings;
import io.github.consistencydecoder.core.opening.OpenModel;
import io.github.consistencydecoder.core.opening.Renewable;
import io.github.consistencydecoder.core.plan.NetworkEvaluators;
import io.github.consistencydecoder.core.runtime.Device;
import io.github.consistencydecoder.core.runtime.OnnxRuntime;
import io.github.consistencydecoder.core.runtime.SessionSettings;
import io.github.consistencydecoder.core.runtime.graphs.GraphCache;
import io.github.consistencydecoder.core.runtime.graphs.StepModel;
import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.plugin.Availability;
import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentDecoderProvider;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Opens consistency decoders: OpenAI's in any published format, the bundled tiny one, and any of
 * the same architecture.
 *
 * <p>Configuration: {@link DecoderConfig#MODEL} (default {@code tiny}), {@link
 * DecoderConfig#DEVICE} ({@code auto}), {@link DecoderConfig#THREADS} (0, as many as there are
 * cores), {@link DecoderConfig#DTYPE} ({@code auto}: float32 on a CPU, float16 on a GPU; a decode
 * whose numbers leave the range of float16 is done again in float32), {@value #CACHE}, the folder
 * for optimised graphs (default: the store's cache folder), {@code convolutions} and {@code layout}
 * (both {@code auto}).
 *
 * <p>A JVM that exits cancels the decodes that still run and waits until they have stopped.
 */
public final class ConsistencyDecoderProvider implements LatentDecoderProvider {
  /** Key: folder for optimised graphs. */
  public static final String CACHE = ModelSettings.CACHE;

  /** Name of this provider. */
  public static final String NAME = "consistency";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Availability availability() {
    return OnnxRuntime.availability();
  }

  @Override
  public LatentDecoder open(DecoderConfig config) {
    ModelSettings settings =
        ModelSettings.ofConsistencyDecoder(config, "the consistency decoder", "tiny");
    Renewable<ConsistencyDecoder> renewable =
        new Renewable<>(
            "the decoder",
            () -> OpenModel.open(settings, path -> path, model -> decoder(settings, model)));
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
    DecoderInfo info = model.info(NAME, settings, digest, step.origin(), network);
    MemoryLedger ledger = MemoryLedger.here(settings.memory());
    return new ConsistencyDecoder(
        info,
        weights,
        cache,
        new Float32Fallback(step, wider),
        new NetworkEvaluators(step.session(), cache, weights, digest, settings),
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
