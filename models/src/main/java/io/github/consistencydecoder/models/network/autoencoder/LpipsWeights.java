package io.github.consistencydecoder.models.network.autoencoder;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.models.network.NetworkWeights;
import io.github.consistencydecoder.models.network.TensorShapesByName;
import io.github.consistencydecoder.models.network.UnsupportedCheckpoint;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A checkpoint recognised as LPIPS over SqueezeNet 1.1 (Zhang et al., "The Unreasonable
 * Effectiveness of Deep Features as a Perceptual Metric", version 0.1): the network's convolutions
 * under torchvision's names {@code features.*}, and the seven linear heads {@code lin0.weight} to
 * {@code lin6.weight}. Other tensors, such as the classifier's, are ignored.
 *
 * <p>Borrows the checkpoint. Safe for use by several threads.
 */
public final class LpipsWeights implements RunnableNetwork {
  /** Where the distance is taken: channels of each feature. */
  static final List<Integer> FEATURES = List.of(64, 128, 256, 384, 384, 512, 512);

  /** A fire module: a 1x1 convolution down, then 1x1 and 3x3 convolutions up side by side. */
  record Fire(int index, int in, int squeezed, int expanded) {}

  /** The fire modules in order of execution. */
  static final List<Fire> FIRES =
      List.of(
          new Fire(3, 64, 16, 64),
          new Fire(4, 128, 16, 64),
          new Fire(6, 128, 32, 128),
          new Fire(7, 256, 32, 128),
          new Fire(9, 256, 48, 192),
          new Fire(10, 384, 48, 192),
          new Fire(11, 384, 64, 256),
          new Fire(12, 512, 64, 256));

  /** The original library wraps each head in a sequence. */
  private static final Pattern HEAD = Pattern.compile("lin(\\d)(?:\\.model\\.\\d)?\\.weight");

  private static final Pattern PREFIX = Pattern.compile("^(?:net|model|module)\\.(?=features|lin)");

  private static final String IDENTITY = "LPIPS squeeze, graph " + LpipsGraph.VERSION;

  private final Checkpoint checkpoint;
  private final Map<String, TensorInfo> tensors;

  private LpipsWeights(Checkpoint checkpoint, Map<String, TensorInfo> tensors) {
    this.checkpoint = checkpoint;
    this.tensors = tensors;
  }

  /**
   * Recognises a checkpoint.
   *
   * @throws DecoderException {@link DecoderErrorCode#MODEL_UNSUPPORTED} naming what is missing or
   *     has another shape
   */
  public static LpipsWeights of(Checkpoint checkpoint) {
    Map<String, TensorInfo> found = new LinkedHashMap<>();
    for (TensorInfo t : checkpoint.tensors().values()) {
      if (t.dtype().floating()) {
        String name = PREFIX.matcher(t.name()).replaceFirst("");
        found.put(HEAD.matcher(name).replaceFirst("lin$1.weight"), t);
      }
    }
    if (!found.containsKey("lin0.weight") || !found.containsKey("features.0.weight")) {
      boolean headless = found.containsKey("features.0.weight");
      throw UnsupportedCheckpoint.refusal(
          checkpoint,
          "is no LPIPS over SqueezeNet: "
              + (headless
                  ? "it lacks the heads lin0.weight to lin6.weight"
                  : found.containsKey("lin0.weight")
                      ? "it lacks the network, features.0.weight and so on"
                      : UnsupportedCheckpoint.of(checkpoint)));
    }
    UnsupportedCheckpoint.requireTensors(
        checkpoint, found, tensors(), LpipsWeights::fits, "LPIPS over SqueezeNet 1.1");
    return new LpipsWeights(checkpoint, found);
  }

  /** Every tensor that is needed, with its shape. */
  static Map<String, List<Long>> tensors() {
    TensorShapesByName t = new TensorShapesByName();
    t.convolution("features.0", FEATURES.get(0), VaeNetwork.IMAGE_CHANNELS, 3);
    for (Fire f : FIRES) {
      String name = "features." + f.index();
      t.convolution(name + ".squeeze", f.squeezed(), f.in(), 1);
      t.convolution(name + ".expand1x1", f.expanded(), f.squeezed(), 1);
      t.convolution(name + ".expand3x3", f.expanded(), f.squeezed(), 3);
    }
    for (int k = 0; k < FEATURES.size(); k++) {
      t.put("lin" + k + ".weight", FEATURES.get(k));
    }
    return t.shapes;
  }

  /** A head is a vector, or the same as the kernel of a 1x1 convolution with one output. */
  private static boolean fits(List<Long> found, List<Long> needed) {
    return found.equals(needed)
        || (needed.size() == 1 && found.equals(List.of(1L, needed.get(0), 1L, 1L)));
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
    return IDENTITY;
  }

  /** Whether a line is the identity. */
  static boolean isIdentity(String line) {
    return line.equals(IDENTITY);
  }

  @Override
  public long parameters() {
    return tensors().values().stream().mapToLong(s -> s.stream().reduce(1L, (a, b) -> a * b)).sum();
  }

  @Override
  public NetworkGraph write(ElementType type, Path derivedFile, Path root) throws IOException {
    if (type != ElementType.FLOAT32) {
      throw new IllegalArgumentException("the metric is computed in float32, not in " + type);
    }
    return LpipsGraph.write(this, derivedFile, root);
  }
}
