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
    Map<String, List<Long>> t = new LinkedHashMap<>();
    int first = widths.get(0);
    convolution(t, "conv_in", first, INPUT_CHANNELS, 3);
    put(t, "time_proj.weight", timesteps, first);
    put(t, "time_embedding.linear_1.weight", timeWidth, first);
    put(t, "time_embedding.linear_1.bias", timeWidth);
    put(t, "time_embedding.linear_2.weight", timeWidth, timeWidth);
    put(t, "time_embedding.linear_2.bias", timeWidth);
    for (Block b : blocks()) {
      put(t, b.name() + ".norm1.weight", b.in());
      put(t, b.name() + ".norm1.bias", b.in());
      convolution(t, b.name() + ".conv1", b.out(), b.in(), 3);
      put(t, b.name() + ".time_emb_proj.weight", 2L * b.out(), timeWidth);
      put(t, b.name() + ".time_emb_proj.bias", 2L * b.out());
      put(t, b.name() + ".norm2.weight", b.out());
      put(t, b.name() + ".norm2.bias", b.out());
      convolution(t, b.name() + ".conv2", b.out(), b.out(), 3);
      if (b.hasShortcut()) {
        convolution(t, b.name() + ".conv_shortcut", b.out(), b.in(), 1);
      }
    }
    put(t, "conv_norm_out.weight", first);
    put(t, "conv_norm_out.bias", first);
    convolution(t, "conv_out", outputs, first, 3);
    return t;
  }

  /**
   * Length of the packed conditioning vector: {@code gamma'} and {@code beta'} of every block's
   * second norm.
   */
  public int conditioningLength() {
    return 2 * blocks().stream().mapToInt(Block::out).sum();
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

  private static void convolution(
      Map<String, List<Long>> t, String name, long out, long in, long kernel) {
    put(t, name + ".weight", out, in, kernel, kernel);
    put(t, name + ".bias", out);
  }

  private static void put(Map<String, List<Long>> t, String name, long... shape) {
    List<Long> list = new ArrayList<>();
    for (long d : shape) {
      list.add(d);
    }
    t.put(name, List.copyOf(list));
  }
}
