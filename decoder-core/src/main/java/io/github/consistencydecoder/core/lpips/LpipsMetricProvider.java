package io.github.consistencydecoder.core.lpips;

import io.github.consistencydecoder.core.opening.ModelSettings;
import io.github.consistencydecoder.core.opening.OpenModel;
import io.github.consistencydecoder.core.opening.Renewable;
import io.github.consistencydecoder.core.runtime.NetworkSession;
import io.github.consistencydecoder.core.runtime.OnnxRuntime;
import io.github.consistencydecoder.core.runtime.graphs.GraphCache;
import io.github.consistencydecoder.models.network.autoencoder.LpipsWeights;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.plugin.Availability;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.PictureMetric;
import io.github.consistencydecoder.plugin.PictureMetricProvider;
import io.github.consistencydecoder.plugin.Pixels;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
          ("%s needs a file of weights: set '%s' to a safetensors file with"
                  + " SqueezeNet 1.1's features.* and lin0.weight to lin6.weight")
              .formatted(NAME, DecoderConfig.MODEL));
    }
    DecoderConfig single = config.with(DecoderConfig.DTYPE, "float32");
    ModelSettings settings = ModelSettings.of(single, NAME, "");
    return new LpipsMetric(
        new Renewable<>(
            "the metric",
            () -> OpenModel.open(settings, path -> path, model -> running(settings, model))));
  }

  private static LpipsMetric.Running running(ModelSettings settings, OpenModel model)
      throws IOException {
    LpipsWeights weights = LpipsWeights.of(model.checkpoint());
    String digest = model.digest();
    GraphCache cache = new GraphCache(settings.cache());
    NetworkSession session = cache.open(weights, digest, ElementType.FLOAT32, settings.session());
    Map<String, String> details =
        Map.of("parameters", Long.toString(weights.parameters()), "version", "0.1");
    var info = model.info(NAME, settings, digest, session.origin(), details);
    model.releaseTo(session);
    return new LpipsMetric.Running(info, session, cache);
  }

  /**
   * LPIPS over SqueezeNet 1.1: how far apart the network's features of two pictures point, weighted
   * by heads that were fitted to human judgement, summed over seven layers.
   *
   * <p>Owns a session of the runtime. Safe for use by several threads. After {@link #close}, every
   * method except {@code close} throws {@link IllegalStateException}; closing again does nothing.
   */
  private static final class LpipsMetric implements PictureMetric {
    /** Below this, a layer of the network would have nothing left. */
    private static final int SMALLEST_SIDE = 32;

    private static final Logger LOG = LoggerFactory.getLogger(LpipsMetric.class);
    private final Renewable<Running> renewable;

    /**
     * The network, open.
     *
     * @param session owned
     * @param cache that the session was opened from
     */
    record Running(DecoderInfo info, NetworkSession session, GraphCache cache)
        implements Renewable.Open {
      @Override
      public void vouch(Cancellation cancellation) {
        cache.vouch(cancellation);
      }

      @Override
      public void close() {
        session.close();
      }
    }

    /** Takes ownership. */
    LpipsMetric(Renewable<Running> renewable) {
      this.renewable = renewable;
    }

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public DecoderInfo info() {
      return renewable.ask(Running::info);
    }

    @Override
    public double between(Pixels a, Pixels b) {
      return renewable.use(
          running -> {
            check(a, b);
            double sum = 0;
            for (int k = 0; k < a.batch(); k++) {
              for (float layer : layers(running.session(), a, b, k)) {
                sum += layer;
              }
            }
            return sum / a.batch();
          },
          Cancellation.NEVER,
          LOG::warn);
    }

    /** The distance at each layer between two pictures. */
    private static float[] layers(NetworkSession session, Pixels a, Pixels b, int index) {
      int n = 3 * a.height() * a.width();
      FloatBuffer pair = FloatBuffer.allocate(2 * n);
      pair.put(a.values().slice(index * n, n)).put(b.values().slice(index * n, n)).flip();
      return session.evaluate(
          pair,
          new long[] {2, 3, a.height(), a.width()},
          "compare pictures of " + a.width() + "x" + a.height() + " pixels",
          Cancellation.NEVER);
    }

    private static void check(Pixels a, Pixels b) {
      if (a.batch() != b.batch() || a.height() != b.height() || a.width() != b.width()) {
        throw invalid(a + " and " + b + " cannot be compared: they must have the same size");
      }
      if (a.height() < SMALLEST_SIDE || a.width() < SMALLEST_SIDE) {
        throw invalid(
            ("pictures of %sx%s pixels are too small for LPIPS: both sides must"
                    + " have at least %s")
                .formatted(a.width(), a.height(), SMALLEST_SIDE));
      }
      for (Pixels p : new Pixels[] {a, b}) {
        OptionalInt bad = p.firstNotFinite();
        if (bad.isPresent()) {
          throw invalid(
              "%s has the value %s at %s; every value must be finite"
                  .formatted(p, p.values().get(bad.getAsInt()), bad.getAsInt()));
        }
      }
    }

    private static DecoderException invalid(String message) {
      return new DecoderException(DecoderErrorCode.INVALID_PIXELS, message);
    }

    @Override
    public void close() {
      renewable.close();
    }
  }
}
