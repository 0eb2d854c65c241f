package io.github.consistencydecoder.models.network.export;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import io.github.consistencydecoder.models.network.NetworkWeights;
import java.util.function.Consumer;

/**
 * A network's weights with somebody who is told of each tensor before it is read, and may stop the
 * reading by throwing.
 */
record WatchedWeights(NetworkWeights weights, Consumer<TensorInfo> watcher)
    implements NetworkWeights {
  @Override
  public Checkpoint checkpoint() {
    return weights.checkpoint();
  }

  @Override
  public TensorInfo tensor(String name) {
    TensorInfo t = weights.tensor(name);
    watcher.accept(t);
    return t;
  }
}
