package io.github.consistencydecoder.models.network.autoencoder;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.models.network.AutoencoderPart;
import io.github.consistencydecoder.models.network.TensorShapesByName;
import io.github.consistencydecoder.models.network.UnsupportedCheckpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * One half of the Stable Diffusion 1.x autoencoder at given widths: the same code describes the
 * published one (128, 256, 512, 512; the decoder with 3, the encoder with 2 blocks a level) and
 * reduced ones.
 *
 * @param part which half
 * @param widths channels at full, half, quarter and eighth resolution
 * @param layers residual blocks a level
 * @param groups of every GroupNorm; divides the channels of every norm
 * @param epsilon of every GroupNorm
 */
public record VaeNetwork(
    AutoencoderPart part, List<Integer> widths, int layers, int groups, float epsilon)
    implements AutoencoderNetwork {
  /** Levels; three doublings or halvings, as a latent has an eighth of the picture's sides. */
  public static final int LEVELS = 4;

  /** Image channels. */
  public static final int IMAGE_CHANNELS = 3;

  /** Latent channels. */
  public static final int LATENT_CHANNELS = 4;

  /** Channels that the encoder gives: the latent's mean, then the logarithm of its variance. */
  public static final int MOMENT_CHANNELS = 8;

  public VaeNetwork {
    widths = List.copyOf(widths);
    if (widths.size() != LEVELS) {
      throw new IllegalArgumentException(
          "the network has " + LEVELS + " levels, " + widths.size() + " widths were given");
    }
  }

  /**
   * A step of the network between its first convolution and its last norm.
   *
   * @param name in the diffusers naming; for doublings and halvings that of the convolution
   * @param kind what it does
   * @param in channels of its input
   * @param out channels of its output
   */
  public record Step(String name, Kind kind, int in, int out) {
    /** Whether the shortcut of a residual block is a 1x1 convolution. */
    public boolean hasShortcut() {
      return in != out;
    }
  }

  /** What a step does. */
  public enum Kind {
    /** Norm, SiLU and convolution, twice, and a shortcut. */
    RESIDUAL,
    /** Self-attention with one head, and a shortcut. */
    ATTENTION,
    /** Nearest doubling, then a convolution. */
    DOUBLING,
    /** A convolution with stride 2, padded at the bottom and the right only. */
    HALVING
  }

  /** All steps in order of execution. */
  public List<Step> steps() {
    List<Step> steps = new ArrayList<>();
    if (part == AutoencoderPart.DECODER) {
      addMiddle(steps);
      addUp(steps);
    } else {
      addDown(steps);
      addMiddle(steps);
    }
    return steps;
  }

  private void addMiddle(List<Step> steps) {
    String middle = part.prefix() + "mid_block.";
    int c = widths.get(LEVELS - 1);
    steps.add(new Step(middle + "resnets.0", Kind.RESIDUAL, c, c));
    steps.add(new Step(middle + "attentions.0", Kind.ATTENTION, c, c));
    steps.add(new Step(middle + "resnets.1", Kind.RESIDUAL, c, c));
  }

  private void addUp(List<Step> steps) {
    int c = widths.get(LEVELS - 1);
    for (int i = 0; i < LEVELS; i++) {
      String level = part.prefix() + "up_blocks." + i + ".";
      int width = widths.get(LEVELS - 1 - i);
      for (int j = 0; j < layers; j++) {
        steps.add(new Step(level + "resnets." + j, Kind.RESIDUAL, c, width));
        c = width;
      }
      if (i < LEVELS - 1) {
        steps.add(new Step(level + "upsamplers.0.conv", Kind.DOUBLING, c, c));
      }
    }
  }

  private void addDown(List<Step> steps) {
    int c = widths.get(0);
    for (int i = 0; i < LEVELS; i++) {
      String level = part.prefix() + "down_blocks." + i + ".";
      for (int j = 0; j < layers; j++) {
        steps.add(new Step(level + "resnets." + j, Kind.RESIDUAL, c, widths.get(i)));
        c = widths.get(i);
      }
      if (i < LEVELS - 1) {
        steps.add(new Step(level + "downsamplers.0.conv", Kind.HALVING, c, c));
      }
    }
  }

  @Override
  public int inputs() {
    return part == AutoencoderPart.DECODER ? LATENT_CHANNELS : IMAGE_CHANNELS;
  }

  @Override
  public int outputs() {
    return part == AutoencoderPart.DECODER ? IMAGE_CHANNELS : MOMENT_CHANNELS;
  }

  /** Channels after the first convolution. */
  public int first() {
    return widths.get(part == AutoencoderPart.DECODER ? LEVELS - 1 : 0);
  }

  /** Channels before the last convolution. */
  public int last() {
    return widths.get(part == AutoencoderPart.DECODER ? 0 : LEVELS - 1);
  }

  /** Name of the 1x1 convolution on the latent's side. */
  public String latentConvolution() {
    return part == AutoencoderPart.DECODER ? "post_quant_conv" : "quant_conv";
  }

  /** Channels of the 1x1 convolution on the latent's side. */
  public int latentConvolutionChannels() {
    return part == AutoencoderPart.DECODER ? LATENT_CHANNELS : MOMENT_CHANNELS;
  }

  /** Every tensor of the network, in the diffusers naming, with its shape there. */
  public Map<String, List<Long>> tensors() {
    TensorShapesByName t = new TensorShapesByName();
    String p = part.prefix();
    t.convolution(latentConvolution(), latentConvolutionChannels(), latentConvolutionChannels(), 1);
    t.convolution(p + "conv_in", first(), inputs(), 3);
    for (Step s : steps()) {
      switch (s.kind()) {
        case RESIDUAL -> residual(t, s);
        case ATTENTION -> attention(t, s);
        case DOUBLING, HALVING -> t.convolution(s.name(), s.out(), s.in(), 3);
      }
    }
    t.norm(p + "conv_norm_out", last());
    t.convolution(p + "conv_out", outputs(), last(), 3);
    return t.shapes;
  }

  private static void residual(TensorShapesByName t, Step s) {
    t.norm(s.name() + ".norm1", s.in());
    t.convolution(s.name() + ".conv1", s.out(), s.in(), 3);
    t.norm(s.name() + ".norm2", s.out());
    t.convolution(s.name() + ".conv2", s.out(), s.out(), 3);
    if (s.hasShortcut()) {
      t.convolution(s.name() + ".conv_shortcut", s.out(), s.in(), 1);
    }
  }

  private static void attention(TensorShapesByName t, Step s) {
    t.norm(s.name() + ".group_norm", s.in());
    for (String linear : List.of(".to_q", ".to_k", ".to_v", ".to_out.0")) {
      t.put(s.name() + linear + ".weight", s.out(), s.in());
      t.put(s.name() + linear + ".bias", s.out());
    }
  }

  @Override
  public long parameters() {
    return tensors().values().stream().mapToLong(s -> s.stream().reduce(1L, (a, b) -> a * b)).sum();
  }

  @Override
  public double operations(long height, long width) {
    double image = (double) height * width;
    double cells = image / 64;
    double pixels = part == AutoencoderPart.DECODER ? cells : image;
    double macs = pixels * 9 * inputs() * first();
    macs += cells * latentConvolutionChannels() * latentConvolutionChannels();
    for (Step s : steps()) {
      double in = s.in();
      double out = s.out();
      switch (s.kind()) {
        case RESIDUAL -> macs += pixels * (9 * out * (in + out) + (s.hasShortcut() ? in * out : 0));
        case ATTENTION -> macs += pixels * 4 * in * in + 2 * pixels * pixels * in;
        case DOUBLING -> {
          pixels *= 4;
          macs += pixels * 9 * in * out;
        }
        case HALVING -> {
          pixels /= 4;
          macs += pixels * 9 * in * out;
        }
      }
    }
    return 2 * (macs + pixels * 9 * last() * outputs());
  }

  @Override
  public double peakValues(long height, long width) {
    double cells = (double) height * width / 64;
    double pixels = part == AutoencoderPart.DECODER ? cells : 64 * cells;
    double peak = 0;
    for (Step s : steps()) {
      double in = s.in() * pixels;
      switch (s.kind()) {
        // The input, its normalised form, and what scale and shift make of it before SiLU; or the
        // input, a convolution's input and result, and what is made of that.
        case RESIDUAL -> peak = Math.max(peak, Math.max(4 * in, in + 3 * s.out() * pixels));
        // Scores before and after the softmax beside queries, keys, values and the input.
        case ATTENTION -> peak = Math.max(peak, 2 * pixels * pixels + 5 * in);
        // The phases, beside one another and interleaved.
        case DOUBLING -> {
          pixels *= 4;
          peak = Math.max(peak, in + 2 * s.out() * pixels);
        }
        case HALVING -> {
          pixels /= 4;
          peak = Math.max(peak, in + s.out() * pixels);
        }
      }
    }
    return peak;
  }

  @Override
  public String description() {
    return "widths " + widths + ", layers " + layers;
  }

  /** Requires that an autoencoder's latents are Stable Diffusion 1.x's. */
  static void requireLatentChannels(Checkpoint checkpoint, long channels) {
    if (channels != LATENT_CHANNELS) {
      throw UnsupportedCheckpoint.refusal(
          checkpoint,
          "has latents of "
              + channels
              + " channels"
              + (channels == 16 ? ", as Stable Diffusion 3 or Flux" : "")
              + "; the 4 of Stable Diffusion 1.x are needed");
    }
  }
}
