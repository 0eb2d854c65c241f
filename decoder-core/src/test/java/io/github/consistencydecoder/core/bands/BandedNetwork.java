package io.github.consistencydecoder.core.bands;

import io.github.consistencydecoder.core.runtime.CudaOptions;
import io.github.consistencydecoder.core.runtime.Device;
import io.github.consistencydecoder.core.runtime.SessionSettings;
import io.github.consistencydecoder.core.runtime.SessionSettings.Convolutions;
import io.github.consistencydecoder.core.runtime.SessionSettings.Layout;
import io.github.consistencydecoder.core.runtime.graphs.BandWeights;
import io.github.consistencydecoder.core.runtime.graphs.GraphCache;
import io.github.consistencydecoder.core.runtime.graphs.StepModel;
import io.github.consistencydecoder.core.sampler.StepInputs;
import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.models.network.Conditioning;
import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.NetworkConfig;
import io.github.consistencydecoder.models.network.SyntheticWeights;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.plugin.Cancellation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** A network that can be evaluated at once and in bands. */
final class BandedNetwork implements AutoCloseable {
  private static final int TIMESTEP = 512;

  private final Checkpoint checkpoint;
  private final ConsistencyWeights weights;
  private final StepModel whole;
  private final BandedStep banded;
  private final float[] conditioning;
  private final BandWeights bandWeights;

  /**
   * Opens a network.
   *
   * @param digest of its weights
   * @param cache of graphs
   */
  BandedNetwork(Path file, String digest, Path cache, Convolutions convolutions)
      throws IOException {
    this.checkpoint = Checkpoints.open(file);
    Path config = checkpoint.path().resolveSibling("config.json");
    this.weights =
        ConsistencyWeights.of(
            checkpoint,
            Files.exists(config) ? Optional.of(NetworkConfig.read(config)) : Optional.empty());
    SessionSettings settings =
        new SessionSettings(
            new Device(Device.Kind.CPU, 0, "test"), 2, convolutions, Layout.AUTO, CudaOptions.NONE);
    GraphCache graphs = new GraphCache(cache);
    this.whole = graphs.open(weights, digest, ElementType.FLOAT32, settings);
    this.bandWeights = graphs.openBands(weights, digest, settings);
    this.banded = new BandedStep(bandWeights, settings);
    this.conditioning = Conditioning.of(weights, TIMESTEP);
  }

  /** Writes a synthetic network and opens it. */
  static BandedNetwork synthetic(ConsistencyNetwork network, Path folder, Convolutions convolutions)
      throws IOException {
    Path file =
        folder.resolve("network-" + Integer.toHexString(network.hashCode()) + ".safetensors");
    SyntheticWeights.write(network, file);
    return new BandedNetwork(
        file, file.getFileName().toString(), folder.resolve("cache"), convolutions);
  }

  ConsistencyNetwork network() {
    return weights.network();
  }

  boolean tiled() {
    return bandWeights.tiled();
  }

  /** Inputs that depend on nothing but the size. */
  StepInputs inputs(int batch, int height, int width) {
    int cells = height / 8 * (width / 8);
    return new StepInputs(
        batch,
        height / 8,
        width / 8,
        SyntheticWeights.input("features", batch * 4 * cells),
        conditioning,
        new float[] {0.9f, -0.7f, 0.3f});
  }

  static float[] noisy(int batch, int height, int width) {
    return SyntheticWeights.input("noisy", batch * 3 * height * width);
  }

  /** One evaluation by the whole graph. */
  float[] whole(int batch, int height, int width) {
    float[] image = new float[batch * 3 * height * width];
    whole(inputs(batch, height, width), noisy(batch, height, width), image);
    return image;
  }

  void whole(StepInputs in, float[] noisy, float[] image) {
    whole.session().evaluate(in, in.batch(), noisy, image, new Cancellation());
  }

  /** One evaluation in bands. */
  float[] banded(int batch, BandPlan plan) {
    float[] image = new float[batch * 3 * plan.height() * plan.width()];
    banded(
        inputs(batch, plan.height(), plan.width()),
        noisy(batch, plan.height(), plan.width()),
        image,
        plan);
    return image;
  }

  void banded(StepInputs in, float[] noisy, float[] image, BandPlan plan) {
    evaluate(in, noisy, image, plan, new Cancellation());
  }

  void evaluate(
      StepInputs in, float[] noisy, float[] image, BandPlan plan, Cancellation cancellation) {
    new BandedStep.Bands(banded, plan).evaluate(in, noisy, image, cancellation);
  }

  /** A plan of that many rows a band. */
  BandPlan plan(int height, int width, int bandRows, long memoryBytes) {
    return BandPlan.of(network(), tiled(), new BandLayout(height, width, bandRows), memoryBytes)
        .orElseThrow();
  }

  /** A plan that keeps everything in memory. */
  BandPlan inMemory(int height, int width, int bandRows) {
    return plan(height, width, bandRows, Long.MAX_VALUE);
  }

  /** A plan that keeps nothing in memory. */
  BandPlan spillingEverything(int height, int width, int bandRows) {
    return BandPlan.spillingEverything(network(), tiled(), new BandLayout(height, width, bandRows));
  }

  @Override
  public void close() {
    whole.session().close();
    banded.close();
    try {
      checkpoint.close();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
