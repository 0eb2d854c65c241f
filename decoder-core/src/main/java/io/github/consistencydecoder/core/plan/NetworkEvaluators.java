package io.github.consistencydecoder.core.plan;

import io.github.consistencydecoder.core.bands.BandPlan;
import io.github.consistencydecoder.core.bands.BandedStep;
import io.github.consistencydecoder.core.memory.RunForecast;
import io.github.consistencydecoder.core.opening.ModelSettings;
import io.github.consistencydecoder.core.plan.Planner.Task;
import io.github.consistencydecoder.core.runtime.Device;
import io.github.consistencydecoder.core.runtime.Evaluation;
import io.github.consistencydecoder.core.runtime.NetworkRunner;
import io.github.consistencydecoder.core.runtime.SharedNormSteps;
import io.github.consistencydecoder.core.runtime.graphs.GraphCache;
import io.github.consistencydecoder.core.tiles.TilePlan;
import io.github.consistencydecoder.core.tiles.Tiles;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Tiling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/** The ways of one consistency decoder's network. */
public final class NetworkEvaluators implements Evaluators {
  /** Of the room on a disk, what one decode may fill. */
  private static final double SHARE_OF_DISK = 0.9;

  /**
   * What sessions of the stages, their threads and the code that is compiled for them take the
   * first time, measured: 60 to 80 MB.
   */
  private static final long STAGES = 64L << 20;

  private final NetworkRunner runner;
  private final GraphCache cache;
  private final ConsistencyWeights weights;
  private final String digest;
  private final ModelSettings settings;
  private BandedStep bands;
  private SharedNormSteps tiles;

  /**
   * Opens nothing yet.
   *
   * @param runner of whole pictures; borrowed
   * @param weights borrowed
   * @param digest of the weights
   */
  public NetworkEvaluators(
      NetworkRunner runner,
      GraphCache cache,
      ConsistencyWeights weights,
      String digest,
      ModelSettings settings) {
    this.runner = runner;
    this.cache = cache;
    this.weights = weights;
    this.digest = digest;
    this.settings = settings;
  }

  @Override
  public double operations(Task task) {
    long height = (long) task.height() * Latents.PIXELS_PER_CELL;
    long width = (long) task.width() * Latents.PIXELS_PER_CELL;
    return task.batch() * weights.network().operations(height, width) * task.steps();
  }

  @Override
  public OptionalLong deviceBytes(Task task) {
    if (runner.onCpu()) {
      return OptionalLong.empty();
    }
    OptionalLong known = runner.deviceBytes(task.batch(), task.height(), task.width());
    return known.isPresent()
        ? known
        : OptionalLong.of(estimate(task.batch(), task.height(), task.width()));
  }

  private long estimate(int pictures, int height, int width) {
    return RunForecast.estimate(weights.network(), 64L * pictures * height * width);
  }

  @Override
  public int largestBatch(int height, int width) {
    return runner.largestBatch(height, width);
  }

  @Override
  public Planned whole(int together, int height, int width) {
    return new Planned(
        Tiling.WHOLE,
        runBytes(together, height, width),
        0,
        together == 1 ? "1 picture at a time" : together + " pictures at a time",
        new Whole(runner, together));
  }

  private long runBytes(int pictures, int height, int width) {
    return runner
        .runBytes(pictures, height, width)
        .orElseGet(() -> estimate(pictures, height, width));
  }

  @Override
  public Optional<Planned> bands(int height, int width, long bytes) {
    if (settings.session().device().kind() != Device.Kind.CPU
        || settings.type() != ElementType.FLOAT32) {
      return Optional.empty();
    }
    BandedStep opened = bands();
    return opened
        .plan(height * Latents.PIXELS_PER_CELL, width * Latents.PIXELS_PER_CELL, bytes - STAGES)
        .flatMap(this::placed)
        .map(
            plan ->
                new Planned(
                    Tiling.EXACT,
                    plan.peakBytes() + STAGES,
                    plan.spillBytes(),
                    "bands of " + plan.bandRows() + " rows",
                    new BandedStep.Bands(opened, plan)));
  }

  /**
   * The plan with its file where there is room: in the cache's folder, since the system's folder
   * for temporary files is often memory in disguise, or else there.
   */
  private Optional<BandPlan> placed(BandPlan plan) {
    if (plan.spillBytes() == 0) {
      return Optional.of(plan);
    }
    for (Path folder : new Path[] {settings.cache(), plan.spillFolder()}) {
      try {
        Files.createDirectories(folder);
        if (Files.isWritable(folder)
            && SHARE_OF_DISK * Files.getFileStore(folder).getUsableSpace() >= plan.spillBytes()) {
          return Optional.of(plan.withSpillFolder(folder));
        }
      } catch (IOException e) {
        // Then not there.
      }
    }
    return Optional.empty();
  }

  @Override
  public Optional<Planned> tiles(int height, int width, long bytes) {
    return TilePlan.of((rows, columns) -> runBytes(1, rows, columns), height, width, bytes)
        .filter(plan -> !plan.isWhole(height, width))
        .map(
            plan ->
                new Planned(
                    Tiling.OVERLAPPED,
                    plan.peakBytes(),
                    0,
                    "tiles of " + Latents.PIXELS_PER_CELL * plan.tile() + " pixels",
                    new Tiles(this::tiles, plan)));
  }

  private synchronized BandedStep bands() {
    if (bands == null) {
      try {
        bands =
            new BandedStep(
                cache.openBands(weights, digest, settings.session()), settings.session());
      } catch (IOException e) {
        throw Evaluation.unreadable(e);
      }
    }
    return bands;
  }

  private synchronized SharedNormSteps tiles() {
    if (tiles == null) {
      try {
        tiles = cache.openSharedNorms(weights, digest, settings.type(), settings.session());
      } catch (IOException e) {
        throw Evaluation.unreadable(e);
      }
    }
    return tiles;
  }

  @Override
  public synchronized void close() {
    try {
      if (bands != null) {
        bands.close();
      }
    } finally {
      if (tiles != null) {
        tiles.close();
      }
      bands = null;
      tiles = null;
    }
  }
}
