package io.github.consistencydecoder.models.network.autoencoder;

import io.github.consistencydecoder.models.network.AutoencoderPart;
import io.github.consistencydecoder.models.network.TensorShapesByName;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * One half of TAESD, the tiny autoencoder for the latents of Stable Diffusion 1.x: the same code
 * describes the published one (width 64; blocks 3, 3, 3, 1 in the decoder, 1, 3, 3, 3 in the
 * encoder) and reduced ones. Plain convolutions and ReLU, no norms.
 *
 * @param part which half
 * @param width channels everywhere inside
 * @param blocks residual blocks of each level in order of execution
 */
public record TaesdNetwork(AutoencoderPart part, int width, List<Integer> blocks)
    implements AutoencoderNetwork {
  /** Levels; three doublings or halvings. */
  public static final int LEVELS = 4;

  public TaesdNetwork {
    blocks = List.copyOf(blocks);
    if (blocks.size() != LEVELS) {
      throw new IllegalArgumentException(
          "the network has " + LEVELS + " levels, blocks of " + blocks.size() + " were given");
    }
  }

  /**
   * A layer with weights.
   *
   * @param name in the diffusers naming
   * @param kind what it does
   * @param in channels of its input
   * @param out channels of its output
   */
  public record Layer(String name, Kind kind, int in, int out) {}

  /** What a layer does. */
  public enum Kind {
    /** A convolution with bias, the first or the last. */
    END,
    /** Three convolutions and a shortcut. */
    BLOCK,
    /** Nearest doubling, then a convolution without bias. */
    DOUBLING,
    /** A convolution with stride 2 and without bias. */
    HALVING
  }

  /** All layers in order of execution. */
  public List<Layer> layers() {
    boolean decoder = part == AutoencoderPart.DECODER;
    List<Layer> layers = new ArrayList<>();
    int index = 0;
    layers.add(new Layer(name(index++), Kind.END, inputs(), width));
    if (decoder) {
      // The activation after the first convolution has a number.
      index++;
    }
    for (int level = 0; level < LEVELS; level++) {
      if (!decoder && level > 0) {
        layers.add(new Layer(name(index++), Kind.HALVING, width, width));
      }
      for (int j = 0; j < blocks.get(level); j++) {
        layers.add(new Layer(name(index++), Kind.BLOCK, width, width));
      }
      if (decoder && level < LEVELS - 1) {
        // The enlargement has a number.
        index++;
        layers.add(new Layer(name(index++), Kind.DOUBLING, width, width));
      }
    }
    layers.add(new Layer(name(index), Kind.END, width, outputs()));
    return layers;
  }

  private String name(int index) {
    return part.prefix() + "layers." + index;
  }

  @Override
  public int inputs() {
    return part == AutoencoderPart.DECODER ? VaeNetwork.LATENT_CHANNELS : VaeNetwork.IMAGE_CHANNELS;
  }

  @Override
  public int outputs() {
    return part == AutoencoderPart.DECODER ? VaeNetwork.IMAGE_CHANNELS : VaeNetwork.LATENT_CHANNELS;
  }

  /** Every tensor of the network, in the diffusers naming, with its shape. */
  public Map<String, List<Long>> tensors() {
    TensorShapesByName t = new TensorShapesByName();
    for (Layer l : layers()) {
      switch (l.kind()) {
        case END -> t.convolution(l.name(), l.out(), l.in(), 3);
        case DOUBLING, HALVING -> t.put(l.name() + ".weight", l.out(), l.in(), 3, 3);
        case BLOCK -> {
          for (int k = 0; k <= 4; k += 2) {
            t.convolution(l.name() + ".conv." + k, l.out(), l.in(), 3);
          }
        }
      }
    }
    return t.shapes;
  }

  @Override
  public long parameters() {
    return tensors().values().stream().mapToLong(s -> s.stream().reduce(1L, (a, b) -> a * b)).sum();
  }

  @Override
  public double operations(long height, long width) {
    double pixels = (double) height * width / (part == AutoencoderPart.DECODER ? 64 : 1);
    double macs = 0;
    for (Layer l : layers()) {
      pixels *= l.kind() == Kind.DOUBLING ? 4 : l.kind() == Kind.HALVING ? 0.25 : 1;
      macs += pixels * 9 * l.in() * l.out() * (l.kind() == Kind.BLOCK ? 3 : 1);
    }
    return 2 * macs;
  }

  @Override
  public double peakValues(long height, long width) {
    // The phases of the last doubling beside one another and interleaved, or a block's input, a
    // convolution's input and its result; and what the runtime reorders of them. 4.0 measured.
    return 3.5 * this.width * height * width;
  }

  @Override
  public String description() {
    return "width " + width + ", blocks " + blocks;
  }
}
