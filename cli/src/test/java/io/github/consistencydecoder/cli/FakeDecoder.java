package io.github.consistencydecoder.cli;

import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.testing.Cells;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Pixel {@code [n, c, y, x]} is the scaled latent {@code [n, c, y / 8, x / 8]}, or with given noise
 * that of the last step, so every option leaves a trace in the picture or in the metadata.
 */
public final class FakeDecoder implements LatentDecoder {
  public static final String DIGEST = "sha256:" + "0123456789abcdef".repeat(4);

  public static final AtomicInteger DECODES = new AtomicInteger();
  public static final AtomicInteger OPENINGS = new AtomicInteger();
  public static final AtomicInteger OPEN = new AtomicInteger();

  /** Most pictures of {@code watchful} that somebody still held when it was asked for another. */
  public static final AtomicInteger MOST_HELD = new AtomicInteger();

  private final List<WeakReference<Pixels>> given = new ArrayList<>();

  private final String model;
  private final DecoderConfig config;

  FakeDecoder(String model, DecoderConfig config) {
    this.model = model;
    this.config = config;
    OPENINGS.incrementAndGet();
    OPEN.incrementAndGet();
  }

  @Override
  public DecoderInfo info() {
    return new DecoderInfo("fake", model, DIGEST, "cpu: it is a fake", config.asMap());
  }

  @Override
  public DecodeEstimate estimate(int batch, int height, int width, DecodeOptions options) {
    int steps = options.schedule().timesteps().size();
    return new DecodeEstimate(1e9 * batch * height * width * steps, 1000);
  }

  @Override
  public Decoded decode(Latents latents, DecodeOptions options) {
    DECODES.incrementAndGet();
    if (model.equals("crash")) {
      throw new IllegalStateException("the fake crashed");
    }
    if (model.equals("failing") && latents.width() == 3) {
      throw new DecoderException(DecoderErrorCode.RUNTIME_FAILED, "the runtime failed");
    }
    List<Long> nanos = new ArrayList<>();
    int steps = options.schedule().timesteps().size();
    if (model.equals("warning")) {
      options.listener().warning("this looks odd");
    }
    for (int i = 0; i < steps; i++) {
      options.listener().stepStarted(i, steps, options.schedule().timesteps().get(i));
      if (model.equals("slow")
          || model.equals("deaf")
          || (model.equals("slow-if-wide") && latents.width() == 3)) {
        waitForEver(options.cancellation());
      }
      nanos.add(1_000_000L);
      options.listener().stepFinished(i, steps, 1_000_000L);
    }
    Pixels pixels = pixels(latents.to(LatentScale.SCALED), options);
    if (model.equals("watchful")) {
      System.gc();
      given.removeIf(picture -> picture.get() == null);
      MOST_HELD.accumulateAndGet(given.size(), Math::max);
      given.add(new WeakReference<>(pixels));
    }
    return new Decoded(
        pixels,
        nanos,
        2_000_000L,
        Map.of(
            "plan", model.equals("divided") ? "exact, bands of 8 rows" : "whole",
            "model", model,
            "seed", options.noise().toString(),
            "schedule", options.schedule().toString(),
            "clamp", options.clamp().id()),
        warnings());
  }

  private List<String> warnings() {
    return switch (model) {
      case "warning" -> List.of("this looks odd", "and was not told before");
      default -> List.of();
    };
  }

  /** The slow one stops when it is asked to, the deaf one never. */
  private void waitForEver(Cancellation cancellation) {
    CountDownLatch cancelled = new CountDownLatch(1);
    boolean deaf = model.equals("deaf");
    cancellation.onCancel(
        () -> {
          if (deaf) {
            System.err.println("deaf decode was asked to stop");
          } else {
            cancelled.countDown();
          }
        });
    System.err.println(model + " decode runs");
    try {
      cancelled.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    System.err.println("slow decode returns");
    cancellation.check();
  }

  private Pixels pixels(Latents latents, DecodeOptions options) {
    float[] out = Cells.blocks(latents);
    if (options.noise() instanceof Noise.Given given) {
      given.step(given.steps() - 1).get(out);
    } else if (model.equals("inverted")) {
      for (int i = 0; i < out.length; i++) {
        out[i] = -out[i];
      }
    }
    return Pixels.takeOver(out, latents.batch(), 8 * latents.height(), 8 * latents.width());
  }

  @Override
  public void close() {
    OPEN.decrementAndGet();
  }
}
