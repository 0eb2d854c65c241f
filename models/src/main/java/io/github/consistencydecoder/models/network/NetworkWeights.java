package io.github.consistencydecoder.models.network;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.tensors.TensorInfo;

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
}
