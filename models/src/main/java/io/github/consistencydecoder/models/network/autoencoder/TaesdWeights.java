package io.github.consistencydecoder.models.network.autoencoder;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import io.github.consistencydecoder.models.network.AutoencoderPart;
import io.github.consistencydecoder.models.network.NetworkConfig;
import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.models.network.NetworkWeights;
import io.github.consistencydecoder.models.network.TaesdTensorNames;
import io.github.consistencydecoder.models.network.UnsupportedCheckpoint;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A checkpoint recognised as one half of TAESD. The other half may be in it or not.
 *
 * <p>Borrows the checkpoint. Safe for use by several threads.
 */
public final class TaesdWeights implements RunnableNetwork {
  /** Layers of the published network and a little more; bounds the search for the last one. */
  private static final int MOST_LAYERS = 200;

  private static final String GRAPH = ", graph " + TaesdGraph.VERSION;

  private final Checkpoint checkpoint;
  private final TaesdNetwork network;
  private final Map<String, TensorInfo> tensors;

  private TaesdWeights(
      Checkpoint checkpoint, TaesdNetwork network, Map<String, TensorInfo> tensors) {
    this.checkpoint = checkpoint;
    this.network = network;
    this.tensors = tensors;
  }

  /**
   * Recognises a checkpoint in any published naming. Width and blocks follow from the tensors.
   *
   * @param config what lies beside the checkpoint, if anything does
   * @throws DecoderException {@link DecoderErrorCode#MODEL_UNSUPPORTED} naming what is missing or
   *     has another shape
   */
  public static TaesdWeights of(
      Checkpoint checkpoint, AutoencoderPart part, Optional<NetworkConfig> config) {
    Map<String, TensorInfo> found = TaesdTensorNames.match(checkpoint.tensors().values()).get(part);
    TensorInfo first = found.get(part.prefix() + "layers.0.weight");
    if (first == null) {
      throw UnsupportedCheckpoint.refusal(
          checkpoint, "has no TAESD " + part.word() + ": " + UnsupportedCheckpoint.of(checkpoint));
    }
    config
        .flatMap(NetworkConfig::className)
        .filter(c -> !c.equals("AutoencoderTiny"))
        .ifPresent(
            c -> {
              throw UnsupportedCheckpoint.refusal(
                  checkpoint,
                  "is a " + c + " by its config.json; TAESD (AutoencoderTiny) is needed");
            });
    TaesdNetwork network = network(checkpoint, part, first, found);
    checkTensors(checkpoint, network, found);
    config.ifPresent(c -> checkConfig(checkpoint, network, c));
    return new TaesdWeights(checkpoint, network, found);
  }

  private static void checkConfig(
      Checkpoint checkpoint, TaesdNetwork network, NetworkConfig config) {
    String part = network.part().prefix().replace(".", "");
    config.requireScalingFactor(checkpoint, 1);
    Map<String, Object> needed = new LinkedHashMap<>();
    needed.put(
        part + "_block_out_channels",
        Collections.nCopies(TaesdNetwork.LEVELS, network.width()).toString());
    needed.put("num_" + part + "_blocks", network.blocks());
    needed.put("act_fn", "relu");
    needed.put("in_channels", VaeNetwork.IMAGE_CHANNELS);
    needed.put("out_channels", VaeNetwork.IMAGE_CHANNELS);
    needed.put("upsample_fn", "nearest");
    needed.put("upsampling_scaling_factor", 2);
    needed.forEach((key, value) -> config.require(checkpoint, key, value));
  }

  /** The network. */
  public TaesdNetwork network() {
    return network;
  }

  @Override
  public Checkpoint checkpoint() {
    return checkpoint;
  }

  @Override
  public TensorInfo tensor(String name) {
    return NetworkWeights.named(tensors, name);
  }

  @Override
  public String identity() {
    return network + GRAPH;
  }

  /** Whether a line is an identity of such a network. */
  static boolean isIdentity(String line) {
    return line.startsWith(TaesdNetwork.class.getSimpleName()) && line.endsWith(GRAPH);
  }

  @Override
  public long parameters() {
    return network.parameters();
  }

  @Override
  public NetworkGraph write(ElementType type, Path derivedFile, Path root) throws IOException {
    return TaesdGraph.write(this, type, derivedFile, root);
  }

  /** Five plain convolutions delimit the four levels; between them are blocks. */
  private static TaesdNetwork network(
      Checkpoint checkpoint,
      AutoencoderPart part,
      TensorInfo first,
      Map<String, TensorInfo> found) {
    List<Integer> plain = new ArrayList<>();
    for (int i = 0; i < MOST_LAYERS; i++) {
      if (found.containsKey(part.prefix() + "layers." + i + ".weight")) {
        plain.add(i);
      }
    }
    if (plain.size() != TaesdNetwork.LEVELS + 1) {
      throw UnsupportedCheckpoint.refusal(
          checkpoint,
          "has %s convolutions outside blocks, TAESD's %s has %s"
              .formatted(plain.size(), part.word(), TaesdNetwork.LEVELS + 1));
    }
    List<Integer> blocks = new ArrayList<>();
    for (int level = 0; level < TaesdNetwork.LEVELS; level++) {
      // Numbers without weights: the activation after the first convolution, and the enlargements.
      int others =
          part == AutoencoderPart.ENCODER
              ? 0
              : level == 0 ? 2 : level < TaesdNetwork.LEVELS - 1 ? 1 : 0;
      blocks.add(Math.max(0, plain.get(level + 1) - plain.get(level) - 1 - others));
    }
    TensorInfo last =
        found.get(part.prefix() + "layers." + plain.get(TaesdNetwork.LEVELS) + ".weight");
    TensorInfo latentSide = part == AutoencoderPart.DECODER ? first : last;
    if (first.shape().size() != 4 || last.shape().size() != 4 || first.shape().get(0) > 1 << 16) {
      throw UnsupportedCheckpoint.refusal(
          checkpoint, "has a tensor '" + first.name() + "' of shape " + first.shape());
    }
    long latent = latentSide.shape().get(part == AutoencoderPart.DECODER ? 1 : 0);
    VaeNetwork.requireLatentChannels(checkpoint, latent);
    return new TaesdNetwork(part, first.shape().get(0).intValue(), blocks);
  }

  private static void checkTensors(
      Checkpoint checkpoint, TaesdNetwork network, Map<String, TensorInfo> found) {
    Map<String, List<Long>> needed = network.tensors();
    UnsupportedCheckpoint.requireTensors(
        checkpoint, found, needed, List::equals, "a network of width " + network.width());
    UnsupportedCheckpoint.requireNoOthers(
        checkpoint, found, needed, "", "a network of blocks " + network.blocks());
  }
}
