package io.github.consistencydecoder.core.bands;

import io.github.consistencydecoder.core.runtime.Device;
import io.github.consistencydecoder.core.runtime.NativeBlocks;
import io.github.consistencydecoder.core.runtime.SessionSettings;
import io.github.consistencydecoder.core.runtime.graphs.BandWeights;
import io.github.consistencydecoder.core.sampler.StepEvaluator;
import io.github.consistencydecoder.core.sampler.StepInputs;
import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.graph.BandStage;
import io.github.consistencydecoder.plugin.Cancellation;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Evaluates one step of the consistency decoder in bands of rows, layer by layer, on the CPU in
 * float32: the same picture as at once, to rounding, in as much memory as a {@link BandPlan} says.
 *
 * <p>Owns the weights. Safe for use by several threads, each of whose evaluations takes the memory
 * of its plan. After {@link #close}, nothing must be evaluated; closing again does nothing. The
 * caller closes only when no evaluation is running.
 */
public final class BandedStep implements AutoCloseable {
  /** Weights up to this size are reordered whenever a session is opened. */
  private static final long SMALL_BYTES = 64L << 20;

  private final ConsistencyNetwork network;
  private final BandWeights weights;
  private final BandSchedule schedule;
  private final StageSessions sessions;
  private final NativeBlocks blocks;

  /**
   * Buffers that no evaluation uses: the garbage collector would free those of each evaluation too
   * late.
   */
  private Staging spare;

  /** Weight and bias of the norms that the conditioning does not replace. */
  private final Map<String, float[][]> norms = new HashMap<>();

  /**
   * Takes ownership of the weights, also if this fails.
   *
   * @param settings of a CPU
   */
  public BandedStep(BandWeights weights, SessionSettings settings) throws IOException {
    this.weights = weights;
    try {
      if (settings.device().kind() != Device.Kind.CPU) {
        throw new IllegalArgumentException(
            "decoding in bands runs on the CPU, not on " + settings.device().kind());
      }
      ConsistencyWeights source = weights.weights();
      this.network = source.network();
      this.schedule = new BandSchedule(network);
      for (BandStage stage : schedule.stages()) {
        if (stage.kind() == BandStage.Kind.FIRST || stage.kind() == BandStage.Kind.OUT) {
          norms.put(
              stage.norm(),
              new float[][] {
                floats(source, stage.norm() + ".weight"), floats(source, stage.norm() + ".bias")
              });
        }
      }
      boolean small = !weights.tiled() && 4 * network.parameters() <= SMALL_BYTES;
      this.sessions = new StageSessions(weights.graphs(), settings, small);
      this.blocks = new NativeBlocks(settings);
    } catch (IOException | RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  private static float[] floats(ConsistencyWeights weights, String name) throws IOException {
    return weights.checkpoint().floats(weights.tensor(name));
  }

  /** {@link BandPlan#of} for this network. */
  public Optional<BandPlan> plan(int height, int width, long memoryBytes) {
    return BandPlan.of(network, weights.tiled(), height, width, memoryBytes);
  }

  /**
   * One step in bands, one picture after the other.
   *
   * @param opened borrowed
   * @param plan for pictures of the size
   */
  public record Bands(BandedStep opened, BandPlan plan) implements StepEvaluator {
    @Override
    public void evaluate(StepInputs in, float[] noisy, float[] image, Cancellation cancellation) {
      if (plan.height() != 8 * in.height() || plan.width() != 8 * in.width()) {
        throw new IllegalArgumentException(
            "the plan is for "
                + plan.width()
                + "x"
                + plan.height()
                + " pixels, the picture has "
                + 8 * in.width()
                + "x"
                + 8 * in.height());
      }
      BandMemory memory =
          BandMemory.of(opened.schedule, plan.layout(), opened.weights.tiled(), plan.spilled());
      Staging staging =
          opened.takeStaging(Staging.sizes(opened.schedule, plan.layout(), plan.spilled()));
      for (int picture = 0; picture < in.batch(); picture++) {
        cancellation.check();
        PictureInOut data = new PictureInOut(in, noisy, image, picture);
        try (StageSessions.Sequence sequence = opened.sessions.new Sequence();
            TensorStore store = new TensorStore(plan, opened.blocks, staging)) {
          PictureEvaluation evaluation =
              new PictureEvaluation(
                  opened.network,
                  opened.weights.tiled(),
                  opened.schedule,
                  plan,
                  memory,
                  data,
                  opened.norms,
                  staging,
                  store,
                  sequence,
                  cancellation);
          opened.schedule.walk(plan.layout(), evaluation);
        }
      }
      opened.keepStaging(staging);
    }
  }

  /** The buffers of an earlier evaluation, or new ones. */
  private Staging takeStaging(Map<String, Long> sizes) {
    Staging staging;
    synchronized (this) {
      staging = spare == null ? new Staging() : spare;
      spare = null;
    }
    staging.grow(sizes);
    return staging;
  }

  private synchronized void keepStaging(Staging staging) {
    spare = staging;
  }

  @Override
  public void close() {
    try {
      blocks.close();
    } finally {
      weights.close();
    }
  }
}
