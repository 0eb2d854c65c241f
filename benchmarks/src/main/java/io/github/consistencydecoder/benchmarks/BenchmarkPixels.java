package io.github.consistencydecoder.benchmarks;

import io.github.consistencydecoder.plugin.Pixels;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** From floating-point pixels to bytes. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class BenchmarkPixels {
  /** How a value becomes a byte. */
  @Param({"NEAREST", "TRUNCATE"})
  public Pixels.Rounding rounding;

  private Pixels pixels;

  /** A picture of 512x512 pixels. */
  @Setup
  public void fill() {
    float[] values = new float[3 * 512 * 512];
    Random random = new Random(1);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() / 2);
    }
    pixels = Pixels.takeOver(values, 1, 512, 512);
  }

  /** One picture. */
  @Benchmark
  public byte[] rgb8() {
    return pixels.rgb8(0, rounding);
  }
}
