package io.github.consistencydecoder.testing;

import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.LatentStatistics;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Pixels;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A decoder without a model: each pixel mixes its latent cell with noise. Keeps every promise of
 * {@link LatentDecoder}, or breaks one on demand.
 */
final class FlawedDecoder implements LatentDecoder {
  private final Flaw flaw;
  private final AtomicInteger decodes = new AtomicInteger();
  private final ReentrantReadWriteLock lifetime = new ReentrantReadWriteLock();
  private boolean closed;
  private volatile boolean broken;
  private volatile Noise sharedNoise;

  FlawedDecoder(Flaw flaw) {
    this.flaw = flaw;
  }

  @Override
  public DecoderInfo info() {
    checkOpen();
    return new DecoderInfo("fake", "fake", "", "in Java, for it needs nothing else", Map.of());
  }

  @Override
  public DecodeEstimate estimate(int batch, int height, int width, DecodeOptions options) {
    checkOpen();
    long values = flaw == Flaw.FIXED_ESTIMATE ? 1000 : 192L * batch * height * width;
    return new DecodeEstimate(10.0 * values * options.schedule().timesteps().size(), 8L * values);
  }

  @Override
  public Decoded decode(Latents latents, DecodeOptions options) {
    lifetime.readLock().lock();
    try {
      checkOpen();
      return decodeOpen(latents, options);
    } catch (DecoderException e) {
      broken |= flaw == Flaw.BROKEN_BY_CANCELLATION && e.code() == DecoderErrorCode.CANCELLED;
      throw e;
    } finally {
      lifetime.readLock().unlock();
    }
  }

  private Decoded decodeOpen(Latents latents, DecodeOptions options) {
    long start = System.nanoTime();
    if (flaw == Flaw.FORGETS_INTERRUPTS && Thread.interrupted()) {
      throw new DecoderException(DecoderErrorCode.CANCELLED, "interrupted");
    }
    if (flaw == Flaw.CHANGES_LATENTS) {
      change(latents);
    }
    List<String> warnings = check(latents, options);
    if (flaw != Flaw.WARNS_IN_PRIVATE) {
      warnings.forEach(options.listener()::warning);
    }
    sharedNoise = options.noise();
    List<Integer> timesteps = options.schedule().timesteps();
    List<Long> nanos = new ArrayList<>();
    float[] x0 = new float[48 * latents.size()];
    Random[] random = null;
    for (int step = 0; step < timesteps.size(); step++) {
      if (flaw != (step == 0 ? Flaw.CANCELS_BETWEEN_STEPS_ONLY : Flaw.CANCELS_BEFOREHAND_ONLY)) {
        options.cancellation().check();
      }
      if (flaw != Flaw.SILENT) {
        options.listener().stepStarted(step, timesteps.size(), timesteps.get(step));
      }
      long stepStart = System.nanoTime();
      if (random == null) {
        random = generators(flaw == Flaw.SHARED_SEED ? sharedNoise : options.noise(), latents);
      }
      step(latents, options, step, random, x0);
      nanos.add(System.nanoTime() - stepStart);
      if (flaw != Flaw.SILENT) {
        options.listener().stepFinished(step, timesteps.size(), nanos.get(step));
      }
    }
    boolean swap = flaw == Flaw.SWAPS_SIDES;
    return new Decoded(
        Pixels.takeOver(
            x0,
            latents.batch(),
            8 * (swap ? latents.width() : latents.height()),
            8 * (swap ? latents.height() : latents.width())),
        nanos,
        System.nanoTime() - start,
        metadata(options),
        warnings);
  }

  private List<String> check(Latents latents, DecodeOptions options) {
    LatentStatistics statistics = latents.statistics();
    if (statistics.nonFinite() > 0 && flaw != Flaw.ACCEPTS_NAN) {
      throw new DecoderException(
          DecoderErrorCode.INVALID_LATENTS, statistics.nonFinite() + " values are not finite");
    }
    if (options.noise() instanceof Noise.SeededPerImage perImage
        && perImage.seeds().size() != latents.batch()
        && flaw != Flaw.ANY_NUMBER_OF_SEEDS) {
      throw new DecoderException(
          DecoderErrorCode.INVALID_OPTIONS, perImage.seeds().size() + " seeds were given");
    }
    if (options.noise() instanceof Noise.Given given && flaw != Flaw.ANY_LENGTH_OF_NOISE) {
      for (int k = 0; k < given.steps(); k++) {
        if (given.step(k).remaining() != 48 * latents.size()) {
          throw new DecoderException(
              DecoderErrorCode.INVALID_OPTIONS, "noise of another length for step " + k);
        }
      }
    }
    boolean narrow = latents.scale() == LatentScale.UNSCALED && statistics.standardDeviation() < 2;
    return narrow ? List.of("the latents look scaled") : List.of();
  }

  private Random[] generators(Noise noise, Latents latents) {
    Random[] random = new Random[latents.batch()];
    Random whole = null;
    for (int n = 0; n < random.length; n++) {
      if (flaw == Flaw.NOISE_OF_ITS_OWN) {
        random[n] = new Random(decodes.incrementAndGet());
      } else if (flaw == Flaw.IGNORES_SEED) {
        random[n] = new Random(1);
      } else if (noise instanceof Noise.SeededPerImage perImage) {
        random[n] = new Random(perImage.seeds().get(flaw == Flaw.FIRST_SEED_FOR_ALL ? 0 : n));
      } else if (noise instanceof Noise.Seeded seeded) {
        whole = whole == null ? new Random(seeded.seed()) : whole;
        random[n] = whole;
      }
    }
    return random;
  }

  /** One evaluation: {@code x0 = 0.2 x0 + 1.2 tanh(cell) + 0.3 noise}, clamped. */
  private void step(Latents latents, DecodeOptions options, int step, Random[] random, float[] x0) {
    Latents scaled = flaw == Flaw.IGNORES_SCALE ? latents : latents.to(LatentScale.SCALED);
    int h = latents.height();
    int w = latents.width();
    for (int i = 0; i < x0.length; i++) {
      int x = i % (8 * w) / 8;
      int y = i / (8 * w) % (8 * h) / 8;
      int c = i / (64 * h * w) % 3;
      int n = i / (192 * h * w);
      float cell = scaled.values().get(((n * 4 + c) * h + y) * w + x);
      float noise =
          options.noise() instanceof Noise.Given given
              ? given.step(step).get(i)
              : (float) random[n].nextGaussian();
      float v = 0.3f * noise + 0.2f * x0[i];
      v += flaw == Flaw.IGNORES_LATENTS ? 0 : 1.2f * (float) Math.tanh(cell);
      boolean clamp = options.clamp() == ClampMode.EACH_STEP && flaw != Flaw.NEVER_CLAMPS;
      x0[i] = clamp ? Math.min(Math.max(v, -1f), 1f) : v;
    }
  }

  private Map<String, String> metadata(DecodeOptions options) {
    if (flaw == Flaw.NO_METADATA) {
      return Map.of();
    }
    return Map.of(
        "model", "fake",
        "seed", options.noise().toString(),
        "schedule", options.schedule().toString(),
        "clamp", options.clamp().id());
  }

  private static void change(Latents latents) {
    try {
      Field values = Latents.class.getDeclaredField("values");
      values.setAccessible(true);
      ((float[]) values.get(latents))[0] += 1;
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  private void checkOpen() {
    if ((closed && flaw != Flaw.WORKS_AFTER_CLOSE) || broken) {
      throw new IllegalStateException("the decoder is closed");
    }
  }

  @Override
  public void close() {
    if (flaw == Flaw.CLOSES_AT_ONCE) {
      return;
    }
    lifetime.writeLock().lock();
    try {
      if (closed && flaw == Flaw.SECOND_CLOSE_THROWS) {
        throw new IllegalStateException("the decoder is closed");
      }
      closed = true;
    } finally {
      lifetime.writeLock().unlock();
    }
  }
}
