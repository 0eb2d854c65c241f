package io.github.consistencydecoder.models.network;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The consistency decoder's UNet at given widths: the same code describes OpenAI's network (320,
 * 640, 1024, 1024; 3 layers) and reduced ones. Plain convolutions, no attention, conditioned on an
 * integer timestep.
 *
 * @param widths channels at full, half, quarter and eighth resolution
 * @param layers residual blocks a level on the way down (one more on the way up)
 * @param groups of every GroupNorm; divides the channels of every norm
 * @param epsilon of every GroupNorm
 * @param timeWidth of the time embedding's hidden layers; 4 times {@code widths[0]} in the
 *     published network
 * @param timesteps rows of the time embedding's table
 * @param outputs channels of the last convolution; 6 in the published network, of which the first 3
 *     are used
 */
public record ConsistencyNetwork(
    List<Integer> widths,
    int layers,
    int groups,
    float epsilon,
    int timeWidth,
    int timesteps,
    int outputs) {
  /** Image channels. */
  public static final int IMAGE_CHANNELS = 3;

  /** Input channels: the image, then the latent. */
  public static final int INPUT_CHANNELS = 7;

  /** Levels; three halvings, so that the deepest one has the latent's height and width. */
  public static final int LEVELS = 4;

  public ConsistencyNetwork {
    widths = List.copyOf(widths);
    if (widths.size() != LEVELS) {
      throw new IllegalArgumentException(
          "the network has " + LEVELS + " levels, " + widths.size() + " widths were given");
    }
  }

  /** All residual blocks in order of execution. */
  public List<Block> blocks() {
    List<Block> blocks = new ArrayList<>();
    Deque<Integer> skips = new ArrayDeque<>();
    int c = widths.get(0);
    skips.push(c);
    for (int level = 0; level < LEVELS; level++) {
      for (int j = 0; j < layers; j++) {
        blocks.add(
            new Block(
                "down_blocks." + level + ".resnets." + j,
                Block.Kind.SAME,
                c,
                widths.get(level),
                0));
        c = widths.get(level);
        skips.push(c);
      }
      if (level < LEVELS - 1) {
        blocks.add(new Block("down_blocks." + level + ".downsamplers.0", Block.Kind.DOWN, c, c, 0));
        skips.push(c);
      }
    }
    for (int j = 0; j < 2; j++) {
      blocks.add(new Block("mid_block.resnets." + j, Block.Kind.SAME, c, c, 0));
    }
    for (int i = 0; i < LEVELS; i++) {
      int width = widths.get(LEVELS - 1 - i);
      for (int j = 0; j <= layers; j++) {
        int skip = skips.pop();
        blocks.add(
            new Block("up_blocks." + i + ".resnets." + j, Block.Kind.SAME, c + skip, width, skip));
        c = width;
      }
      if (i < LEVELS - 1) {
        blocks.add(new Block("up_blocks." + i + ".upsamplers.0", Block.Kind.UP, c, c, 0));
      }
    }
    return blocks;
  }

  /**
   * Every tensor of the network, diffusers naming without the {@code decoder_unet.} prefix, with
   * its shape.
   */
  public Map<String, List<Long>> tensors() {
    TensorShapesByName t = new TensorShapesByName();
    int first = widths.get(0);
    t.convolution("conv_in", first, INPUT_CHANNELS, 3);
    t.put("time_proj.weight", timesteps, first);
    t.put("time_embedding.linear_1.weight", timeWidth, first);
    t.put("time_embedding.linear_1.bias", timeWidth);
    t.put("time_embedding.linear_2.weight", timeWidth, timeWidth);
    t.put("time_embedding.linear_2.bias", timeWidth);
    for (Block b : blocks()) {
      t.norm(b.name() + ".norm1", b.in());
      t.convolution(b.name() + ".conv1", b.out(), b.in(), 3);
      t.put(b.name() + ".time_emb_proj.weight", 2L * b.out(), timeWidth);
      t.put(b.name() + ".time_emb_proj.bias", 2L * b.out());
      t.norm(b.name() + ".norm2", b.out());
      t.convolution(b.name() + ".conv2", b.out(), b.out(), 3);
      if (b.hasShortcut()) {
        t.convolution(b.name() + ".conv_shortcut", b.out(), b.in(), 1);
      }
    }
    t.norm("conv_norm_out", first);
    t.convolution("conv_out", outputs, first, 3);
    return t.shapes;
  }

  /**
   * Length of the packed conditioning vector: {@code gamma'} and {@code beta'} of every block's
   * second norm.
   */
  public int conditioningLength() {
    return 2 * blocks().stream().mapToInt(Block::out).sum();
  }

  /** Channels of every group norm, by name, in order of execution. */
  public Map<String, Integer> norms() {
    Map<String, Integer> norms = new LinkedHashMap<>();
    for (Block b : blocks()) {
      norms.put(b.name() + ".norm1", b.in());
      norms.put(b.name() + ".norm2", b.out());
    }
    norms.put("conv_norm_out", widths.get(0));
    return norms;
  }

  /** Length of what {@link FoldedNorms} takes: mean and variance of every group of every norm. */
  public int statisticsLength() {
    return 2 * groups * norms().size();
  }

  /** Length of a scale and a shift for every channel of every norm. */
  public int normsLength() {
    return 2 * norms().values().stream().mapToInt(c -> c).sum();
  }

  /** Whether a norm's affine part depends on the timestep. */
  public static boolean isConditioned(String norm) {
    return norm.endsWith(".norm2");
  }

  /** Number of parameters. */
  public long parameters() {
    return tensors().values().stream().mapToLong(s -> s.stream().reduce(1L, (a, b) -> a * b)).sum();
  }

  /**
   * Floating-point operations of one evaluation as published, a multiply-add counted as two;
   * convolutions only.
   *
   * @param height of the image in pixels
   * @param width of the image in pixels
   */
  public double operations(long height, long width) {
    double pixels = (double) height * width;
    double macs =
        pixels * 9 * INPUT_CHANNELS * widths.get(0) + pixels * 9 * widths.get(0) * outputs;
    for (Block b : blocks()) {
      if (b.kind() == Block.Kind.DOWN) {
        pixels /= 4;
      } else if (b.kind() == Block.Kind.UP) {
        pixels *= 4;
      }
      macs += pixels * 9 * b.out() * ((double) b.in() + b.out());
      if (b.hasShortcut()) {
        macs += pixels * b.in() * b.out();
      }
    }
    return 2 * macs;
  }
}
