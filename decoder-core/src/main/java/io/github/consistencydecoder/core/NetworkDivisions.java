package io.github.consistencydecoder.core;

import io.github.consistencydecoder.core.bands.BandPlan;
import io.github.consistencydecoder.core.bands.BandedStep;
import io.github.consistencydecoder.core.opening.ModelSettings;
import io.github.consistencydecoder.core.runtime.Device;
import io.github.consistencydecoder.core.runtime.GraphCache;
import io.github.consistencydecoder.core.runtime.ModelFiles;
import io.github.consistencydecoder.core.tiles.OverlappedStep;
import io.github.consistencydecoder.core.tiles.TilePlan;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.onnx.ElementType;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The divisions of one consistency decoder's network. */
final class NetworkDivisions implements Divisions {
  /** Of the room on a disk, what one decode may fill. */
  private static final double SHARE_OF_DISK = 0.9;

  /**
   * What sessions of the stages, their threads and the code that is compiled for them take the
   * first time, measured: 60 to 80 MB.
   */
  private static final long STAGES = 64L << 20;

  private final GraphCache cache;
  private final ConsistencyWeights weights;
  private final String digest;
  private final ModelSettings settings;
  private BandedStep bands;
  private OverlappedStep tiles;

  /**
   * Opens nothing yet.
   *
   * @param weights borrowed
   * @param digest of the weights
   */
  NetworkDivisions(
      GraphCache cache, ConsistencyWeights weights, String digest, ModelSettings settings) {
    this.cache = cache;
    this.weights = weights;
    this.digest = digest;
    this.settings = settings;
  }

  @Override
  public Optional<DecodePlan> bands(int height, int width, long bytes) {
    if (settings.session().device().kind() != Device.Kind.CPU
        || settings.type() != ElementType.FLOAT32) {
      return Optional.empty();
    }
    BandedStep step = bands();
    return step.plan(
            height * Latents.PIXELS_PER_CELL, width * Latents.PIXELS_PER_CELL, bytes - STAGES)
        .flatMap(this::placed)
        .map(
            plan ->
                new DecodePlan(
                    DecodePlan.Manner.BANDS,
                    plan.peakBytes() + STAGES,
                    plan.spillBytes(),
                    "bands of " + plan.bandRows() + " rows",
                    (in, noisy, image, cancellation) ->
                        step.evaluate(in, noisy, image, plan, cancellation)));
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
  public Optional<DecodePlan> tiles(int height, int width, long bytes, WholeStep whole) {
    return TilePlan.of((rows, columns) -> whole.runBytes(1, rows, columns), height, width, bytes)
        .filter(plan -> !plan.isWhole(height, width))
        .map(
            plan ->
                new DecodePlan(
                    DecodePlan.Manner.TILES,
                    plan.peakBytes(),
                    0,
                    "tiles of " + Latents.PIXELS_PER_CELL * plan.tile() + " pixels",
                    (in, noisy, image, cancellation) ->
                        tiles().evaluate(in, noisy, image, plan, cancellation)));
  }

  private synchronized BandedStep bands() {
    if (bands == null) {
      try {
        bands =
            new BandedStep(
                cache.openBands(weights, digest, settings.session()), settings.session());
      } catch (IOException e) {
        throw ModelFiles.unreadable(e);
      }
    }
    return bands;
  }

  private synchronized OverlappedStep tiles() {
    if (tiles == null) {
      try {
        tiles = OverlappedStep.open(cache, weights, digest, settings.type(), settings.session());
      } catch (IOException e) {
        throw ModelFiles.unreadable(e);
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
