package io.github.consistencydecoder.models.network;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;

/** Says what a checkpoint is that is not what was wanted, so that people find their mistake. */
public final class UnsupportedCheckpoint {
  private UnsupportedCheckpoint() {}

  /** A clause: what the checkpoint holds, as far as its tensors' names tell. */
  public static String of(Checkpoint checkpoint) {
    Set<String> names = checkpoint.tensors().keySet();
    if (names.isEmpty()) {
      return "it holds no tensors (a frozen TorchScript module hides its weights: export the module"
          + " without freezing it)";
    }
    if (isConsistencyDecoder(checkpoint.tensors().values())) {
      return "it holds a consistency decoder"
          + (names.contains("encoder.conv_in.weight") ? " and a Stable Diffusion VAE encoder" : "");
    }
    if (names.stream().anyMatch(n -> n.startsWith("model.diffusion_model."))
        && names.stream().noneMatch(n -> n.startsWith("first_stage_model."))) {
      return "it holds a diffusion UNet without its VAE";
    }
    boolean decoder = names.stream().anyMatch(n -> n.endsWith("decoder.conv_in.weight"));
    boolean encoder = names.stream().anyMatch(n -> n.endsWith("encoder.conv_in.weight"));
    if (decoder || encoder) {
      return "it holds a Stable Diffusion VAE"
          + (decoder && encoder ? "" : decoder ? " decoder" : " encoder");
    }
    Map<AutoencoderPart, Map<String, TensorInfo>> tiny =
        TaesdTensorNames.match(checkpoint.tensors().values());
    boolean tinyDecoder = tiny.get(AutoencoderPart.DECODER).containsKey("decoder.layers.0.weight");
    boolean tinyEncoder = tiny.get(AutoencoderPart.ENCODER).containsKey("encoder.layers.0.weight");
    if (tinyDecoder || tinyEncoder) {
      return "it looks like TAESD"
          + (tinyDecoder && tinyEncoder ? "" : tinyDecoder ? "'s decoder" : "'s encoder");
    }
    if (names.stream().anyMatch(n -> n.startsWith("lin0."))
        || names.contains("features.0.weight")) {
      return "it looks like a SqueezeNet or LPIPS";
    }
    List<String> first = names.stream().limit(3).toList();
    return "none of its " + names.size() + " tensors is known by name; the first ones are " + first;
  }

  /** The refusal of a checkpoint: its name and {@code what}, such as {@code lacks a tensor}. */
  public static DecoderException refusal(Checkpoint checkpoint, String what) {
    return new DecoderException(
        DecoderErrorCode.MODEL_UNSUPPORTED, checkpoint.path().getFileName() + " " + what);
  }

  /** One dimension of a recognised tensor, at least 1. */
  public static int dimension(
      Checkpoint checkpoint, Map<String, TensorInfo> found, String name, int index) {
    TensorInfo t = found.get(name);
    if (t == null) {
      throw refusal(
          checkpoint,
          "lacks the tensor '" + name + "' (or what it is called in the other namings)");
    }
    if (t.shape().size() <= index || t.shape().get(index) < 1 || t.shape().get(index) > 1 << 16) {
      throw refusal(checkpoint, "has a tensor '" + t.name() + "' of shape " + t.shape());
    }
    return t.shape().get(index).intValue();
  }

  /**
   * Requires that a network's tensors are there, in their shapes.
   *
   * @param found the recognised ones, by the network's names
   * @param needed the network's tensors
   * @param fits whether a shape found is as good as the one needed
   * @param network for messages: {@code a network of width 64}
   */
  public static void requireTensors(
      Checkpoint checkpoint,
      Map<String, TensorInfo> found,
      Map<String, List<Long>> needed,
      BiPredicate<List<Long>, List<Long>> fits,
      String network) {
    needed.forEach(
        (name, shape) -> {
          TensorInfo t = found.get(name);
          if (t == null) {
            throw refusal(checkpoint, "lacks the tensor '" + name + "' of shape " + shape);
          }
          if (!fits.test(t.shape(), shape)) {
            String has = "has tensor '" + t.name() + "' of shape " + t.shape();
            throw refusal(checkpoint, has + ", " + network + " needs " + shape);
          }
        });
  }

  /**
   * Requires that a checkpoint has no further tensors of a network.
   *
   * @param prefix how the names of those begin that are looked at
   * @param network for messages: {@code a network of 3 layers a level}
   */
  public static void requireNoOthers(
      Checkpoint checkpoint,
      Map<String, TensorInfo> found,
      Map<String, List<Long>> needed,
      String prefix,
      String network) {
    found.forEach(
        (name, t) -> {
          if (name.startsWith(prefix) && !needed.containsKey(name)) {
            throw refusal(
                checkpoint, "has a tensor '" + t.name() + "' that " + network + " has not");
          }
        });
  }

  /**
   * Adds a recognised tensor.
   *
   * @throws DecoderException {@link DecoderErrorCode#MODEL_UNSUPPORTED} if another one has the name
   */
  public static void putOnce(Map<String, TensorInfo> found, String name, TensorInfo t) {
    TensorInfo earlier = found.put(name, t);
    if (earlier != null) {
      throw new DecoderException(
          DecoderErrorCode.MODEL_UNSUPPORTED,
          "the checkpoint's tensors '%s' and '%s' both mean '%s'"
              .formatted(earlier.name(), t.name(), name));
    }
  }

  /** Its first convolution takes the picture and the latent together. */
  private static boolean isConsistencyDecoder(Collection<TensorInfo> tensors) {
    return tensors.stream()
        .filter(t -> t.name().matches(".*(?:conv_in|embed_image(?:\\.f)?)\\.w(?:eight)?"))
        .anyMatch(
            t -> t.shape().size() == 4 && t.shape().get(1) == ConsistencyNetwork.INPUT_CHANNELS);
  }
}
