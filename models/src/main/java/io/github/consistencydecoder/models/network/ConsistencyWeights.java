package io.github.consistencydecoder.models.network;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Latents;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A checkpoint recognised as a consistency decoder: the network that it holds and which of its
 * tensors is which.
 *
 * <p>Borrows the checkpoint. Safe for use by several threads.
 */
public final class ConsistencyWeights implements NetworkWeights {
  /** Groups of every norm of the published network; a checkpoint alone does not tell. */
  private static final int PUBLISHED_GROUPS = 32;

  /** Epsilon of every norm of the published network. */
  private static final float PUBLISHED_EPSILON = 1e-5f;

  private final Checkpoint checkpoint;
  private final ConsistencyNetwork network;
  private final Map<String, TensorInfo> tensors;

  private ConsistencyWeights(
      Checkpoint checkpoint, ConsistencyNetwork network, Map<String, TensorInfo> tensors) {
    this.checkpoint = checkpoint;
    this.network = network;
    this.tensors = tensors;
  }

  /**
   * Recognises a checkpoint in any published naming. Widths, layers and the time embedding follow
   * from the tensors' shapes; groups and epsilon from the configuration, or are the published
   * network's.
   *
   * @param config what lies beside the checkpoint, if anything does
   * @throws DecoderException {@link DecoderErrorCode#MODEL_UNSUPPORTED} naming what is missing or
   *     has another shape
   */
  public static ConsistencyWeights of(Checkpoint checkpoint, Optional<NetworkConfig> config) {
    Map<String, TensorInfo> found = TensorNames.match(checkpoint.tensors().values());
    config.flatMap(NetworkConfig::className).ifPresent(c -> checkClass(checkpoint, c));
    adoptTimeTable(checkpoint, found);
    if (!found.containsKey("conv_in.weight")
        || !found.containsKey("mid_block.resnets.0.time_emb_proj.weight")) {
      throw UnsupportedCheckpoint.refusal(
          checkpoint, "is no consistency decoder: " + UnsupportedCheckpoint.of(checkpoint));
    }
    ConsistencyNetwork network = network(checkpoint, found, config);
    checkConfig(checkpoint, network, config);
    checkTensors(checkpoint, network, found);
    return new ConsistencyWeights(checkpoint, network, found);
  }

  /** The network. */
  public ConsistencyNetwork network() {
    return network;
  }

  @Override
  public Checkpoint checkpoint() {
    return checkpoint;
  }

  /**
   * One tensor of the network.
   *
   * @param name in the diffusers naming without the {@code decoder_unet.} prefix; one of {@link
   *     ConsistencyNetwork#tensors()}
   */
  @Override
  public TensorInfo tensor(String name) {
    return NetworkWeights.named(tensors, name);
  }

  /** How many of the checkpoint's tensors the network does not use. */
  public int unused() {
    return checkpoint.tensors().size() - tensors.size();
  }

  private static void checkClass(Checkpoint checkpoint, String className) {
    if (!className.equals("ConsistencyDecoderVAE")) {
      throw UnsupportedCheckpoint.refusal(
          checkpoint,
          "is a "
              + className
              + " by its config.json; a consistency decoder (ConsistencyDecoderVAE) is needed");
    }
  }

  /** The time table goes by several names; it is the only matrix of its shape. */
  private static void adoptTimeTable(Checkpoint checkpoint, Map<String, TensorInfo> found) {
    TensorInfo linear = found.get("time_embedding.linear_1.weight");
    if (found.containsKey("time_proj.weight") || linear == null || linear.shape().size() != 2) {
      return;
    }
    List<TensorInfo> fitting =
        checkpoint.tensors().values().stream()
            .filter(t -> !found.containsValue(t) && t.dtype().floating())
            .filter(t -> t.shape().equals(List.of(1024L, linear.shape().get(1))))
            .toList();
    if (fitting.size() == 1) {
      found.put("time_proj.weight", fitting.get(0));
    }
  }

  private static ConsistencyNetwork network(
      Checkpoint checkpoint, Map<String, TensorInfo> found, Optional<NetworkConfig> config) {
    List<Integer> widths = new ArrayList<>();
    for (int level = 0;
        found.containsKey("down_blocks." + level + ".resnets.0.conv2.weight");
        level++) {
      widths.add(
          UnsupportedCheckpoint.dimension(
              checkpoint, found, "down_blocks." + level + ".resnets.0.conv2.weight", 0));
    }
    if (widths.size() != ConsistencyNetwork.LEVELS) {
      throw UnsupportedCheckpoint.refusal(
          checkpoint,
          "has %s levels on the way down, %s are needed"
              .formatted(widths.size(), ConsistencyNetwork.LEVELS));
    }
    int layers = 0;
    while (found.containsKey("down_blocks.0.resnets." + layers + ".conv1.weight")) {
      layers++;
    }
    int groups =
        config.map(c -> c.decoderNormNumGroups().orElse(PUBLISHED_GROUPS)).orElse(PUBLISHED_GROUPS);
    float epsilon =
        config
            .map(c -> (float) c.decoderNormEps().orElse(PUBLISHED_EPSILON))
            .orElse(PUBLISHED_EPSILON);
    ConsistencyNetwork network =
        new ConsistencyNetwork(
            widths,
            layers,
            groups,
            epsilon,
            UnsupportedCheckpoint.dimension(checkpoint, found, "time_embedding.linear_1.weight", 0),
            UnsupportedCheckpoint.dimension(checkpoint, found, "time_proj.weight", 0),
            UnsupportedCheckpoint.dimension(checkpoint, found, "conv_out.weight", 0));
    for (Block b : network.blocks()) {
      if (b.in() % groups != 0 || b.out() % groups != 0) {
        throw UnsupportedCheckpoint.refusal(
            checkpoint,
            "has a norm of "
                + (b.in() % groups != 0 ? b.in() : b.out())
                + " channels ("
                + b.name()
                + "), which "
                + groups
                + " groups do not divide; put the model's config.json beside it");
      }
    }
    if (network.outputs() < ConsistencyNetwork.IMAGE_CHANNELS) {
      throw UnsupportedCheckpoint.refusal(
          checkpoint, "has " + network.outputs() + " output channels, at least 3 are needed");
    }
    return network;
  }

  private static void checkConfig(
      Checkpoint checkpoint, ConsistencyNetwork network, Optional<NetworkConfig> config) {
    config.ifPresent(
        c -> {
          c.requireScalingFactor(checkpoint, Latents.SCALING_FACTOR);
          Map<String, Object> needed = new LinkedHashMap<>();
          needed.put("decoder_block_out_channels", network.widths());
          needed.put("decoder_layers_per_block", network.layers());
          needed.put("decoder_in_channels", ConsistencyNetwork.INPUT_CHANNELS);
          needed.put("decoder_out_channels", network.outputs());
          needed.put("decoder_num_train_timesteps", network.timesteps());
          needed.put("decoder_add_attention", false);
          needed.put("decoder_down_block_types", "ResnetDownsampleBlock2D");
          needed.put("decoder_up_block_types", "ResnetUpsampleBlock2D");
          needed.put("decoder_resnet_time_scale_shift", "scale_shift");
          needed.put("decoder_time_embedding_type", "learned");
          needed.forEach((key, value) -> c.require(checkpoint, key, value));
        });
  }

  private static void checkTensors(
      Checkpoint checkpoint, ConsistencyNetwork network, Map<String, TensorInfo> found) {
    Map<String, List<Long>> needed = network.tensors();
    UnsupportedCheckpoint.requireTensors(
        checkpoint, found, needed, List::equals, "a network of widths " + network.widths());
    UnsupportedCheckpoint.requireNoOthers(
        checkpoint, found, needed, "", "a network of " + network.layers() + " layers a level");
  }

  @Override
  public String toString() {
    return "consistency network %s, %s layers"
        .formatted(Arrays.toString(network.widths().toArray()), network.layers());
  }
}
