package io.github.consistencydecoder.models.network.autoencoder;

import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.models.network.NetworkWeights;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import java.io.IOException;
import java.nio.file.Path;

/** A recognised network of one input and one output, for pictures of any size. */
public interface RunnableNetwork extends NetworkWeights {
  /** Name of the graph's input, float32. */
  String INPUT = "input";

  /** Name of the graph's output, float32. */
  String OUTPUT = "output";

  /**
   * What tells this network's graph from every other one of the same weights: its kind, its
   * definition and the graph's version. One line.
   */
  String identity();

  /**
   * Whether a line is the identity of a network whose graph this release still writes like that.
   */
  static boolean isIdentity(String line) {
    return VaeWeights.isIdentity(line)
        || TaesdWeights.isIdentity(line)
        || LpipsWeights.isIdentity(line);
  }

  /** Number of parameters. */
  long parameters();

  /**
   * Builds the graph. Nothing is left behind if it fails.
   *
   * @param type {@link ElementType#FLOAT32}, or {@link ElementType#FLOAT16} for weights and
   *     activations in half precision with norms in float32
   * @param derivedFile where weights go that are not used as the checkpoint holds them; must not
   *     exist
   * @param root a folder that holds {@code derivedFile} at any depth; weights of checkpoint files
   *     outside it are copied
   */
  NetworkGraph write(ElementType type, Path derivedFile, Path root) throws IOException;
}
