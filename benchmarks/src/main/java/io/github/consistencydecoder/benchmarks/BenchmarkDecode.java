package io.github.consistencydecoder.benchmarks;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Schedule;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A whole decode with the bundled tiny model: latents in, pixels out. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(2)
public class BenchmarkDecode {
  /** Side of the square picture. */
  @Param({"64", "256", "512"})
  public int pixels;

  /** Evaluations of the network. */
  @Param({"1", "2"})
  public int steps;

  /** Model to open. */
  @Param("tiny")
  public String model;

  private LatentDecoder decoder;
  private Latents latents;
  private DecodeOptions options;

  /**
   * Opens the model and checks that a decode gives the same bytes twice, or there is nothing worth
   * timing.
   */
  @Setup
  public void open() {
    decoder = Decoders.open("consistency", DecoderConfig.model(model));
    int cells = pixels / Latents.PIXELS_PER_CELL;
    float[] values = new float[Latents.CHANNELS * cells * cells];
    Random random = new Random(1);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    latents = Latents.scaled(values, 1, Latents.CHANNELS, cells, cells);
    options = DecodeOptions.builder().schedule(Schedule.steps(steps)).build();
    if (!decode().pixels().values().equals(decode().pixels().values())) {
      throw new IllegalStateException("two decodes of the same latents differ");
    }
  }

  /** Frees the model. */
  @TearDown
  public void close() {
    decoder.close();
  }

  /** One decode. */
  @Benchmark
  public Decoded decode() {
    return decoder.decode(latents, options);
  }
}
