package io.github.consistencydecoder.core.sampler;

import io.github.consistencydecoder.core.noise.NoiseSource;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentCheck;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.testing.LatentDecoderContract;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/** Check, normalisation, noise and sampler together, around a network of one line. */
class SamplerContractTest extends LatentDecoderContract {
  @Override
  protected LatentDecoder open() {
    return new OneLineDecoder();
  }

  /** Each pixel is evaluated by itself, so a batch has no excuse. */
  @Override
  protected float batchTolerance() {
    return 0;
  }

  private static final class OneLineDecoder implements LatentDecoder {
    private final ReentrantReadWriteLock lifetime = new ReentrantReadWriteLock();
    private boolean closed;

    @Override
    public DecoderInfo info() {
      checkOpen();
      return new DecoderInfo("test", "one line", "", "in Java, for a test", Map.of());
    }

    @Override
    public DecodeEstimate estimate(int batch, int height, int width, DecodeOptions options) {
      checkOpen();
      return new DecodeEstimate(10.0 * batch * height * width, 1536L * batch * height * width);
    }

    @Override
    public Decoded decode(Latents latents, DecodeOptions options) {
      lifetime.readLock().lock();
      try {
        checkOpen();
        long start = System.nanoTime();
        List<String> warnings = LatentCheck.check(latents);
        warnings.forEach(options.listener()::warning);
        int h = Latents.PIXELS_PER_CELL * latents.height();
        int w = Latents.PIXELS_PER_CELL * latents.width();
        NoiseSource noise = NoiseSource.of(options.noise(), latents.batch(), h, w);
        float[] features = LatentTransform.features(latents);
        Sampler.Sampled sampled =
            new Sampler(latents.batch(), h / 8, w / 8, features, timestep -> new float[0])
                .sample(options, noise, OneLineDecoder::evaluate);
        return new Decoded(
            Pixels.takeOver(sampled.x0(), latents.batch(), h, w),
            sampled.stepNanos(),
            System.nanoTime() - start,
            Map.of(
                "model", "one line",
                "seed", options.noise().toString(),
                "schedule", options.schedule().toString(),
                "clamp", options.clamp().id()),
            warnings);
      } finally {
        lifetime.readLock().unlock();
      }
    }

    /** The pixel's cell plus a little of the noise. */
    private static void evaluate(StepInputs in, float[] xt, float[] x0, Cancellation cancellation) {
      int w = 8 * in.width();
      int plane = 8 * in.height() * w;
      for (int i = 0; i < xt.length; i++) {
        int n = i / (3 * plane);
        int channel = i / plane % 3;
        int cell = i % plane / w / 8 * (w / 8) + i % w / 8;
        float y = in.features()[(4 * n + channel) * (plane / 64) + cell];
        x0[i] = in.coefficients()[1] * y + in.coefficients()[2] * xt[i];
      }
    }

    private void checkOpen() {
      if (closed) {
        throw new IllegalStateException("the decoder is closed");
      }
    }

    @Override
    public void close() {
      lifetime.writeLock().lock();
      try {
        closed = true;
      } finally {
        lifetime.writeLock().unlock();
      }
    }
  }
}
