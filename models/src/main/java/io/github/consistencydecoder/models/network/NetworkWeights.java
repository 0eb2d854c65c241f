package io.github.consistencydecoder.models.network;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import java.util.Map;

/**
 * A checkpoint recognised as a network: which of its tensors is which.
 *
 * <p>Borrows the checkpoint. Safe for use by several threads.
 */
public interface NetworkWeights {
  /** Where the weights come from. */
  Checkpoint checkpoint();

  /**
   * One tensor of the network.
   *
   * @param name as the network's definition calls it, whatever the checkpoint does
   * @throws IllegalArgumentException if the network has no such tensor
   */
  TensorInfo tensor(String name);

  /**
   * One of a network's tensors.
   *
   * @throws IllegalArgumentException if there is none of that name
   */
  static TensorInfo named(Map<String, TensorInfo> tensors, String name) {
    TensorInfo t = tensors.get(name);
    if (t == null) {
      throw new IllegalArgumentException("the network has no tensor '" + name + "'");
    }
    return t;
  }
}
