package io.github.consistencydecoder.cli;

import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import java.nio.FloatBuffer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The scaled latent {@code [n, c, y, x]} is the mean of the 8x8 pixels that it stands for, the
 * fourth channel 0: what {@link FakeDecoder} turns back into blocks.
 */
final class FakeEncoder implements LatentEncoder {
  static final AtomicInteger ENCODES = new AtomicInteger();
  static final AtomicInteger OPEN = new AtomicInteger();

  private final String model;
  private final DecoderConfig config;

  FakeEncoder(String model, DecoderConfig config) {
    this.model = model;
    this.config = config;
    OPEN.incrementAndGet();
  }

  @Override
  public DecoderInfo info() {
    return new DecoderInfo("fake", model, FakeDecoder.DIGEST, "cpu: it is a fake", config.asMap());
  }

  @Override
  public DecodeEstimate estimate(int batch, int height, int width) {
    return new DecodeEstimate(1e6, model.equals("huge") ? Long.MAX_VALUE / 2 : 1000);
  }

  @Override
  public Latents encode(Pixels pixels, Cancellation cancellation) {
    cancellation.check();
    ENCODES.incrementAndGet();
    if (model.equals("failing") && pixels.width() == 24) {
      throw new DecoderException(DecoderErrorCode.RUNTIME_FAILED, "the runtime failed");
    }
    if (model.equals("slow")) {
      waitForCancellation(cancellation);
    }
    int h = pixels.height() / 8;
    int w = pixels.width() / 8;
    float[] values = new float[pixels.batch() * 4 * h * w];
    FloatBuffer in = pixels.values();
    int i = 0;
    for (int n = 0; n < pixels.batch(); n++) {
      for (int c = 0; c < 3; c++) {
        for (int y = 0; y < pixels.height(); y++) {
          for (int x = 0; x < pixels.width(); x++) {
            values[((n * 4 + c) * h + y / 8) * w + x / 8] += in.get(i++) / 64;
          }
        }
      }
    }
    return Latents.scaled(values, pixels.batch(), 4, h, w);
  }

  private static void waitForCancellation(Cancellation cancellation) {
    CountDownLatch cancelled = new CountDownLatch(1);
    cancellation.onCancel(cancelled::countDown);
    System.err.println("slow encode runs");
    try {
      cancelled.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    System.err.println("slow encode returns");
    cancellation.check();
  }

  @Override
  public void close() {
    OPEN.decrementAndGet();
  }
}
