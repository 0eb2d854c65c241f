package io.github.consistencydecoder.core.bands;

import io.github.consistencydecoder.core.runtime.Device;
import io.github.consistencydecoder.core.runtime.Evaluation;
import io.github.consistencydecoder.core.runtime.NativeBlocks;
import io.github.consistencydecoder.core.runtime.SessionSettings;
import io.github.consistencydecoder.core.runtime.StageSession;
import io.github.consistencydecoder.core.runtime.graphs.BandWeights;
import io.github.consistencydecoder.core.sampler.StepEvaluator;
import io.github.consistencydecoder.core.sampler.StepInputs;
import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.graph.BandGraphs;
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
  private final BandGraphs graphs;
  private final SessionSettings settings;

  /** Whether weights are reordered for the processor, not used as they lie in their files. */
  private final boolean small;

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
      this.small = !weights.tiled() && 4 * network.parameters() <= SMALL_BYTES;
      this.graphs = weights.graphs();
      this.settings = settings;
      this.blocks = new NativeBlocks(settings);
    } catch (IOException | RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  private static float[] floats(ConsistencyWeights weights, String name) throws IOException {
    return weights.checkpoint().floats(weights.tensor(name));
  }

  ConsistencyNetwork network() {
    return network;
  }

  BandSchedule schedule() {
    return schedule;
  }

  /** Whether convolutions are in Winograd's form. */
  boolean tiled() {
    return weights.tiled();
  }

  /** Weight and bias of a norm that the conditioning does not replace. */
  float[][] norm(String name) {
    return norms.get(name);
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
        PictureEvaluation.InOut data = new PictureEvaluation.InOut(in, noisy, image, picture);
        try (StageSessions sessions = opened.new StageSessions();
            TensorStore store = new TensorStore(plan, opened.blocks, staging)) {
          opened.schedule.walk(
              plan.layout(),
              new PictureEvaluation(
                  opened, plan, memory, data, staging, store, sessions, cancellation));
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

  /**
   * The sessions that one evaluation uses, one after the other. Owns the one that is open. Not for
   * use by several threads.
   */
  final class StageSessions implements AutoCloseable {
    private int rows;
    private StageSession session;

    /**
     * The session of the present stage. The one that was given before is no longer valid.
     *
     * @param bandRows of the result
     * @param width of the result
     */
    StageSession of(BandStage stage, int bandRows, int width) {
      if (session == null || (graphs.sized() && rows != bandRows)) {
        close();
        session = open(stage, bandRows, width);
        rows = bandRows;
      }
      return session;
    }

    /** Ends a stage. */
    @Override
    public void close() {
      if (session != null) {
        session.close();
        session = null;
      }
    }
  }

  private StageSession open(BandStage stage, int rows, int width) {
    try {
      return StageSession.open(graphs.write(stage, rows, width), settings, small);
    } catch (IOException e) {
      throw Evaluation.unreadable(e);
    }
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
