package io.github.consistencydecoder.core.runtime;

import io.github.consistencydecoder.core.cache.EntryUse;
import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.models.network.NetworkWeights;
import io.github.consistencydecoder.models.onnx.ElementType;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A network as the cache sees it: what tells its graph from others, how the graph is written, and
 * what a session of it becomes.
 *
 * @param <M> what is opened
 */
interface GraphRecipe<M extends EntryUse> {
  NetworkWeights weights();

  /** Precision of the graph. */
  ElementType type();

  /** Lines that tell this graph from every other one of the same weights and type. */
  String identity();

  long parameters();

  NetworkGraph write(Path derived, Path root) throws IOException;

  /** Adds what is kept beside the graph. */
  void addFiles(Path folder) throws IOException;

  /**
   * Makes a session usable.
   *
   * @param origin {@code cache}, {@code built} or {@code uncached}
   * @param entry folder of the cached graph; empty path if there is none
   */
  M open(SessionHandle handle, Device device, String origin, Path entry) throws IOException;
}
