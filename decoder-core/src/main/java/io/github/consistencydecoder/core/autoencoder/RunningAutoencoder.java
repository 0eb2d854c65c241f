package io.github.consistencydecoder.core.autoencoder;

import io.github.consistencydecoder.core.memory.MemoryLedger;
import io.github.consistencydecoder.core.opening.ModelSettings;
import io.github.consistencydecoder.core.opening.OpenModel;
import io.github.consistencydecoder.core.opening.Renewable;
import io.github.consistencydecoder.core.runtime.NetworkSession;
import io.github.consistencydecoder.core.runtime.graphs.GraphCache;
import io.github.consistencydecoder.models.network.AutoencoderPart;
import io.github.consistencydecoder.models.network.autoencoder.AutoencoderNetwork;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentScale;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/**
 * One half of an autoencoder, open. Images of a batch go through it one after the other, so that a
 * batch needs little more memory than an image.
 *
 * @param info what it is
 * @param network what it costs
 * @param scale the unit of its latents
 * @param session owned
 * @param cache that the session was opened from
 * @param ledger of the memory that there is; pictures are never divided
 */
record RunningAutoencoder(
    DecoderInfo info,
    AutoencoderNetwork network,
    LatentScale scale,
    NetworkSession session,
    GraphCache cache,
    MemoryLedger ledger)
    implements Renewable.Open {
  /** What the allocator's rounding and reordered copies of convolution inputs add. */
  private static final double OVERHEAD = 1.2;

  /** Bytes of a float32 value. */
  private static final int BYTES = 4;

  /** Opens it, in a way that can be repeated. */
  static RunningAutoencoder open(Autoencoder kind, AutoencoderPart part, DecoderConfig config) {
    ModelSettings settings = ModelSettings.ofLimited(config, kind.thing(part), kind.defaultModel());
    return OpenModel.open(
        settings, path -> kind.choose(path, part), model -> open(kind, part, settings, model));
  }

  private static RunningAutoencoder open(
      Autoencoder kind, AutoencoderPart part, ModelSettings settings, OpenModel model)
      throws IOException {
    Autoencoder.Recognised recognised = kind.recognise(model.checkpoint(), part, model.config());
    String digest = model.digest();
    GraphCache cache = new GraphCache(settings.cache());
    NetworkSession session =
        cache.open(recognised.weights(), digest, settings.type(), settings.session());
    Map<String, String> details =
        Map.of(
            "network", recognised.network().description(),
            "parameters", Long.toString(recognised.network().parameters()),
            "latents", kind.scale().name().toLowerCase(Locale.ROOT));
    DecoderInfo info = model.info(kind.id(), settings, digest, session.origin(), details);
    model.releaseTo(session);
    return new RunningAutoencoder(
        info,
        recognised.network(),
        kind.scale(),
        session,
        cache,
        MemoryLedger.here(settings.memory()));
  }

  /**
   * What a batch will cost.
   *
   * @param height of a picture in pixels
   * @param width of a picture in pixels
   */
  DecodeEstimate estimate(int batch, long height, long width) {
    double picture = 3.0 * height * width;
    double bytes = BYTES * (OVERHEAD * network.peakValues(height, width) + (batch + 2) * picture);
    return new DecodeEstimate(batch * network.operations(height, width), (long) bytes);
  }

  /**
   * Works with the memory for a batch, as soon as what else runs here leaves it.
   *
   * @param height of a picture in pixels
   * @param width of a picture in pixels
   * @param task what is to be done, for messages
   * @throws DecoderException {@link DecoderErrorCode#OUT_OF_MEMORY} if it will never fit, {@link
   *     DecoderErrorCode#CANCELLED}
   */
  <T> T holding(
      int batch,
      long height,
      long width,
      String task,
      Cancellation cancellation,
      Supplier<T> work) {
    long bytes = estimate(batch, height, width).peakBytes();
    ledger.require(bytes, task);
    return ledger.holding(bytes, cancellation, work);
  }

  /**
   * One image of a batch.
   *
   * @param values of the whole batch; borrowed
   * @param index of the image
   * @param height of an input in its own units
   * @param width of an input in its own units
   * @return all channels that the network gives
   */
  float[] evaluate(
      FloatBuffer values,
      int index,
      int height,
      int width,
      String task,
      Cancellation cancellation) {
    int n = network.inputs() * height * width;
    float[] output =
        session.evaluate(
            values.slice(index * n, n),
            new long[] {1, network.inputs(), height, width},
            task,
            cancellation);
    int bad = 0;
    for (float v : output) {
      bad += Float.isFinite(v) ? 0 : 1;
    }
    if (bad > 0) {
      throw new DecoderException(
          DecoderErrorCode.RUNTIME_FAILED,
          ("the network gave %s of %s values that are not finite; with dtype"
                  + " float16, try float32")
              .formatted(bad, output.length));
    }
    return output;
  }

  @Override
  public void vouch(Cancellation cancellation) {
    cache.vouch(cancellation);
  }

  @Override
  public void close() {
    session.close();
  }
}
