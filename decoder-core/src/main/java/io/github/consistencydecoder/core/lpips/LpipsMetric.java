package io.github.consistencydecoder.core.lpips;

import io.github.consistencydecoder.core.runtime.Lifetime;
import io.github.consistencydecoder.core.runtime.NetworkSession;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.PictureMetric;
import io.github.consistencydecoder.plugin.Pixels;
import java.nio.FloatBuffer;

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

  private final Lifetime lifetime = new Lifetime("the metric");
  private final DecoderInfo info;
  private final NetworkSession session;

  /** Takes ownership of the session. */
  LpipsMetric(DecoderInfo info, NetworkSession session) {
    this.info = info;
    this.session = session;
  }

  @Override
  public String name() {
    return LpipsMetricProvider.NAME;
  }

  @Override
  public DecoderInfo info() {
    return lifetime.whileOpen(() -> info);
  }

  @Override
  public double between(Pixels a, Pixels b) {
    return lifetime.whileOpen(
        () -> {
          check(a, b);
          double sum = 0;
          for (int k = 0; k < a.batch(); k++) {
            for (float layer : layers(a, b, k)) {
              sum += layer;
            }
          }
          return sum / a.batch();
        });
  }

  /** The distance at each layer between two pictures. */
  private float[] layers(Pixels a, Pixels b, int index) {
    int n = 3 * a.height() * a.width();
    FloatBuffer pair = FloatBuffer.allocate(2 * n);
    pair.put(a.values().slice(index * n, n)).put(b.values().slice(index * n, n)).flip();
    return session.evaluate(
        pair,
        new long[] {2, 3, a.height(), a.width()},
        "compare pictures of " + a.width() + "x" + a.height() + " pixels",
        new Cancellation());
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
    lifetime.end(session::close);
  }
}
