package io.github.consistencydecoder.core.lpips;

import io.github.consistencydecoder.core.opening.Renewable;
import io.github.consistencydecoder.core.runtime.NetworkSession;
import io.github.consistencydecoder.core.runtime.graphs.GraphCache;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.PictureMetric;
import io.github.consistencydecoder.plugin.Pixels;
import java.nio.FloatBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * LPIPS over SqueezeNet 1.1: how far apart the network's features of two pictures point, weighted
 * by heads that were fitted to human judgement, summed over seven layers.
 *
 * <p>Owns a session of the runtime. Safe for use by several threads. After {@link #close}, every
 * method except {@code close} throws {@link IllegalStateException}; closing again does nothing.
 */
final class LpipsMetric implements PictureMetric {
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
    return LpipsMetricProvider.NAME;
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
          "pictures of "
              + a.width()
              + "x"
              + a.height()
              + " pixels are too small for LPIPS: both sides must have at least "
              + SMALLEST_SIDE);
    }
    for (Pixels p : new Pixels[] {a, b}) {
      FloatBuffer values = p.values();
      for (int i = 0; i < values.limit(); i++) {
        if (!Float.isFinite(values.get(i))) {
          throw invalid(
              p + " has the value " + values.get(i) + " at " + i + "; every value must be finite");
        }
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
