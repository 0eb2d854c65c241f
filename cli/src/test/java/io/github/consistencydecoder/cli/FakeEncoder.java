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
import io.github.consistencydecoder.testing.Cells;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The scaled latent {@code [n, c, y, x]} is the mean of the 8x8 pixels that it stands for, the
 * fourth channel 0: what {@link FakeDecoder} turns back into blocks.
 */
public final class FakeEncoder implements LatentEncoder {
  public static final AtomicInteger ENCODES = new AtomicInteger();
  public static final AtomicInteger OPEN = new AtomicInteger();

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
    return Latents.scaled(
        Cells.means(pixels), pixels.batch(), 4, pixels.height() / 8, pixels.width() / 8);
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
