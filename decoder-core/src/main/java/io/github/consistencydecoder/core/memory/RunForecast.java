package io.github.consistencydecoder.core.memory;

import io.github.consistencydecoder.core.forecast.RunMemory;
import io.github.consistencydecoder.models.network.Block;
import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.models.network.graph.ConsistencyGraph;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The memory that runs of one graph of a consistency decoder's step will take.
 *
 * <p>Safe for use by several threads.
 */
public final class RunForecast {
  /** Knows nothing. */
  public static final RunForecast NONE = new RunForecast(Optional.empty(), Map.of(), 0);

  /**
   * Versions of ONNX Runtime whose allocator is imitated. Another one may place tensors elsewhere:
   * add it when MemoryPredictionTest ({@code -Pmeasure}) passes with it.
   */
  static final Set<String> MEASURED = Set.of("1.28.0", "1.29.0");

  /** What the runtime keeps for an operator of an open session, measured: 30 MB for 2,600. */
  private static final long OPERATOR_BYTES = 12_000;

  /**
   * What the allocator's rounding and the reordered copies of convolution inputs add: measured
   * peaks are 1.18 to 1.2 times the sum of tensors, for the published widths at 128x128 and 256x256
   * and for the bundled model at 512x512 (docs/benchmarks.md).
   */
  private static final double OVERHEAD = 1.2;

  private static final int MOST_KEPT = 64;

  private final Optional<RunMemory> memory;
  private final Map<String, long[]> vectors;
  private final long session;
  private final Map<String, Long> known = new ConcurrentHashMap<>();

  private RunForecast(Optional<RunMemory> memory, Map<String, long[]> vectors, long session) {
    this.memory = memory;
    this.vectors = vectors;
    this.session = session;
  }

  /**
   * By a graph whose session is open already.
   *
   * @param model as the runtime executes it
   * @param runtime version of ONNX Runtime; with one that was not measured, nothing is known
   */
  public static RunForecast of(byte[] model, ConsistencyNetwork network, String runtime) {
    return new RunForecast(memory(model, runtime), vectors(network), 0);
  }

  /**
   * By a graph whose session is opened when it is needed.
   *
   * @param runtime version of ONNX Runtime; with one that was not measured, nothing is known
   */
  public static RunForecast ofSized(byte[] model, ConsistencyNetwork network, String runtime) {
    Optional<RunMemory> memory = memory(model, runtime);
    return new RunForecast(
        memory, vectors(network), memory.map(m -> OPERATOR_BYTES * m.operators()).orElse(0L));
  }

  /** Inputs whose length is the network's; a graph has one of the first two. */
  private static Map<String, long[]> vectors(ConsistencyNetwork network) {
    return Map.of(
        ConsistencyGraph.CONDITIONING, new long[] {network.conditioningLength()},
        ConsistencyGraph.NORMS, new long[] {network.normsLength()},
        ConsistencyGraph.COEFFICIENTS, new long[] {3});
  }

  private static Optional<RunMemory> memory(byte[] model, String runtime) {
    if (!MEASURED.contains(runtime)) {
      return Optional.empty();
    }
    try {
      return Optional.of(RunMemory.of(model));
    } catch (IllegalArgumentException e) {
      // The runtime has made operators of it that are not known here, as for another processor.
      return Optional.empty();
    }
  }

  /**
   * Bytes at the peak of a run, inputs and output included.
   *
   * @param pictures of the run
   * @param height of the latent in cells
   * @param width of the latent in cells
   * @return empty if that cannot be told
   */
  public OptionalLong bytes(int pictures, int height, int width) {
    if (memory.isEmpty()) {
      return OptionalLong.empty();
    }
    if (known.size() >= MOST_KEPT) {
      known.clear();
    }
    return OptionalLong.of(
        known.computeIfAbsent(
            pictures + "x" + height + "x" + width,
            key -> session + bytes(memory.get(), pictures, height, width)));
  }

  private long bytes(RunMemory run, long pictures, long height, long width) {
    long[] picture = {pictures, 3, 8 * height, 8 * width};
    long inAndOut = 2 * Float.BYTES * pictures * 3 * 64 * height * width;
    Map<String, long[]> shapes = new HashMap<>(vectors);
    shapes.put(ConsistencyGraph.NOISY, picture);
    shapes.put(ConsistencyGraph.FEATURES, new long[] {pictures, 4, height, width});
    return inAndOut + run.peakBytes(shapes, Runtime.getRuntime().availableProcessors());
  }

  /**
   * Peak bytes of one evaluation in float32 where what the runtime makes of the graph cannot be
   * seen: the largest sum of tensors alive at one moment when operators run one after the other, as
   * ONNX Runtime's CPU provider runs them.
   *
   * @param pixels of the whole batch, at full resolution
   */
  public static long estimate(ConsistencyNetwork network, long pixels) {
    return (long) (4.0 * pixels * peakValuesPerPixel(network));
  }

  /** Values alive at the peak per pixel of the picture. */
  private static double peakValuesPerPixel(ConsistencyNetwork network) {
    Deque<Double> skips = new ArrayDeque<>();
    double share = 1;
    double kept = network.widths().get(0) * share;
    skips.push(kept);
    double peak = 0;
    for (Block b : network.blocks()) {
      double wide = b.in() * share;
      if (b.skip() > 0) {
        kept -= skips.pop();
      }
      // Input of the block, its normalised form, and what scale and shift make of it before SiLU.
      double before = kept + 4 * wide;
      if (b.kind() == Block.Kind.DOWN) {
        share /= 4;
      } else if (b.kind() == Block.Kind.UP) {
        share *= 4;
      }
      double out = b.out() * share;
      // The shortcut's input, and either phases and their interleaving or a convolution's input,
      // result and norm.
      double within = kept + wide + 3 * out;
      peak = Math.max(peak, Math.max(before, within));
      if (b.name().startsWith("down")) {
        skips.push(out);
        kept += out;
      }
    }
    return peak * OVERHEAD;
  }
}
