package io.github.consistencydecoder.models.network.autoencoder;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import io.github.consistencydecoder.models.network.AutoencoderPart;
import io.github.consistencydecoder.models.network.NetworkConfig;
import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.models.network.NetworkWeights;
import io.github.consistencydecoder.models.network.UnsupportedCheckpoint;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A checkpoint recognised as one half of the Stable Diffusion 1.x autoencoder. Whatever else is in
 * it, the other half or a whole diffusion model, is ignored.
 *
 * <p>Borrows the checkpoint. Safe for use by several threads.
 */
public final class VaeWeights implements RunnableNetwork {
  /** Groups of every norm of the published network; a checkpoint alone does not tell. */
  private static final int PUBLISHED_GROUPS = 32;

  /** Epsilon of every norm of the published network; no configuration has another. */
  private static final float EPSILON = 1e-6f;

  private static final String GRAPH = ", graph " + VaeGraph.VERSION;

  private final Checkpoint checkpoint;
  private final VaeNetwork network;
  private final Map<String, TensorInfo> tensors;

  private VaeWeights(Checkpoint checkpoint, VaeNetwork network, Map<String, TensorInfo> tensors) {
    this.checkpoint = checkpoint;
    this.network = network;
    this.tensors = tensors;
  }

  /**
   * Recognises a checkpoint in any published naming, or the encoder beside a consistency decoder.
   * Widths and layers follow from the tensors' shapes, groups from the configuration.
   *
   * @param config what lies beside the checkpoint, if anything does
   * @throws DecoderException {@link DecoderErrorCode#MODEL_UNSUPPORTED} naming what is missing or
   *     has another shape
   */
  public static VaeWeights of(
      Checkpoint checkpoint, AutoencoderPart part, Optional<NetworkConfig> config) {
    Recognition recognition = new Recognition(checkpoint, part);
    VaeNetwork network = recognition.network(config);
    recognition.checkTensors(network);
    return new VaeWeights(checkpoint, network, recognition.found);
  }

  /** The network. */
  public VaeNetwork network() {
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
    return line.startsWith(VaeNetwork.class.getSimpleName()) && line.endsWith(GRAPH);
  }

  @Override
  public long parameters() {
    return network.parameters();
  }

  @Override
  public NetworkGraph write(ElementType type, Path derivedFile, Path root) throws IOException {
    return VaeGraph.write(this, type, derivedFile, root);
  }

  /** How the keys of the encoder beside a consistency decoder begin. */
  private static final String ENCODER = "encoder_";

  /** Reads a network's definition off a checkpoint's tensors. */
  private static final class Recognition {
    private final Checkpoint checkpoint;
    private final AutoencoderPart part;
    private final Map<String, TensorInfo> found;

    Recognition(Checkpoint checkpoint, AutoencoderPart part) {
      this.checkpoint = checkpoint;
      this.part = part;
      this.found = VaeTensorNames.match(checkpoint.tensors().values());
    }

    VaeNetwork network(Optional<NetworkConfig> config) {
      if (!found.containsKey(part.prefix() + "conv_in.weight")) {
        throw unsupported(
            "has no Stable Diffusion VAE %s: %s"
                .formatted(part.word(), UnsupportedCheckpoint.of(checkpoint)));
      }
      config.flatMap(NetworkConfig::className).ifPresent(this::checkClass);
      boolean decoder = part == AutoencoderPart.DECODER;
      String stage = part.prefix() + (decoder ? "up_blocks." : "down_blocks.");
      List<Integer> widths = new ArrayList<>();
      for (int i = 0; found.containsKey(stage + i + ".resnets.0.conv2.weight"); i++) {
        widths.add(decoder ? 0 : i, dimension(stage + i + ".resnets.0.conv2.weight", 0));
      }
      if (widths.size() != VaeNetwork.LEVELS) {
        throw unsupported("has " + widths.size() + " levels, " + VaeNetwork.LEVELS + " are needed");
      }
      int layers = 0;
      while (found.containsKey(stage + "0.resnets." + layers + ".conv1.weight")) {
        layers++;
      }
      int latent =
          decoder
              ? dimension("decoder.conv_in.weight", 1)
              : dimension("encoder.conv_out.weight", 0) / 2;
      VaeNetwork.requireLatentChannels(checkpoint, latent);
      VaeNetwork network = new VaeNetwork(part, widths, layers, groups(config), EPSILON);
      checkGroups(network);
      config.ifPresent(c -> checkConfig(network, c));
      return network;
    }

    /** The encoder beside a consistency decoder has keys of its own. */
    private void checkConfig(VaeNetwork network, NetworkConfig config) {
      boolean decoder = part == AutoencoderPart.DECODER;
      String own =
          config.className().filter("ConsistencyDecoderVAE"::equals).isEmpty() ? "" : ENCODER;
      config.requireScalingFactor(checkpoint, Latents.SCALING_FACTOR);
      Map<String, Object> needed = new LinkedHashMap<>();
      needed.put(own + "act_fn", "silu");
      needed.put(own + "block_out_channels", network.widths());
      needed.put(own + "layers_per_block", decoder ? network.layers() - 1 : network.layers());
      needed.put(own + "in_channels", VaeNetwork.IMAGE_CHANNELS);
      needed.put(
          own + "out_channels",
          own.isEmpty() ? VaeNetwork.IMAGE_CHANNELS : VaeNetwork.LATENT_CHANNELS);
      needed.put(
          own + (decoder ? "up_block_types" : "down_block_types"),
          decoder ? "UpDecoderBlock2D" : "DownEncoderBlock2D");
      needed.put("encoder_double_z", true);
      needed.put("mid_block_add_attention", true);
      needed.put(decoder ? "use_post_quant_conv" : "use_quant_conv", true);
      needed.put("latents_mean", "none");
      needed.put("latents_std", "none");
      needed.forEach((key, value) -> config.require(checkpoint, key, value));
    }

    private void checkClass(String className) {
      boolean consistency =
          className.equals("ConsistencyDecoderVAE") && part == AutoencoderPart.ENCODER;
      if (!className.equals("AutoencoderKL") && !consistency) {
        throw unsupported(
            "is a "
                + className
                + " by its config.json; a Stable Diffusion VAE (AutoencoderKL) is needed");
      }
    }

    /** The encoder beside a consistency decoder has a key of its own. */
    private static int groups(Optional<NetworkConfig> config) {
      return config
          .map(c -> c.normNumGroups().orElse(c.encoderNormNumGroups().orElse(PUBLISHED_GROUPS)))
          .orElse(PUBLISHED_GROUPS);
    }

    private void checkGroups(VaeNetwork network) {
      for (VaeNetwork.Step s : network.steps()) {
        for (int channels : new int[] {s.in(), s.out()}) {
          if (channels % network.groups() != 0) {
            throw unsupported(
                ("has a norm of %s channels (%s), which %s groups do not divide; put"
                        + " the model's config.json beside it")
                    .formatted(channels, s.name(), network.groups()));
          }
        }
      }
    }

    private int dimension(String name, int index) {
      return UnsupportedCheckpoint.dimension(checkpoint, found, name, index);
    }

    void checkTensors(VaeNetwork network) {
      Map<String, List<Long>> needed = network.tensors();
      UnsupportedCheckpoint.requireTensors(
          checkpoint,
          found,
          needed,
          Recognition::sameShape,
          "a network of widths " + network.widths());
      UnsupportedCheckpoint.requireNoOthers(
          checkpoint,
          found,
          needed,
          part.prefix(),
          "a network of " + network.layers() + " layers a level");
    }

    /** The original attention's matrices are 1x1 convolutions. */
    private static boolean sameShape(List<Long> found, List<Long> needed) {
      int n = needed.size();
      return found.size() >= n
          && found.subList(0, n).equals(needed)
          && (n == 2 || found.size() == n)
          && found.subList(n, found.size()).stream().allMatch(d -> d == 1);
    }

    private DecoderException unsupported(String what) {
      return UnsupportedCheckpoint.refusal(checkpoint, what);
    }
  }
}
