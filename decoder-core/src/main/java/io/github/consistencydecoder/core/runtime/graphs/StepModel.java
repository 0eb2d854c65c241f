package io.github.consistencydecoder.core.runtime.graphs;

import io.github.consistencydecoder.core.runtime.NetworkRunner;
import io.github.consistencydecoder.models.network.Conditioning;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.store.cache.CacheLocks;
import io.github.consistencydecoder.models.store.cache.EntryUse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A network ready to run.
 *
 * @param session the caller's to close
 * @param conditioning packed conditioning of the timesteps that came with it
 * @param origin {@code cache}, {@code built} or {@code uncached}
 */
public record StepModel(NetworkRunner session, Map<Integer, float[]> conditioning, String origin)
    implements EntryUse {
  /** Timesteps whose conditioning is kept with the graph: the published schedule's. */
  private static final List<Integer> KEPT_TIMESTEPS = List.of(1008, 512);

  @Override
  public void closeToo(CacheLocks.Held held) {
    session.closeToo(held);
  }

  /** Keeps the conditioning of the usual timesteps in an entry. */
  static void writeConditioning(ConsistencyWeights weights, Path folder) throws IOException {
    for (int t : KEPT_TIMESTEPS) {
      float[] values = Conditioning.of(weights, t);
      ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(values);
      Files.write(conditioningFile(folder, t), bytes.array());
    }
  }

  /** What {@link #writeConditioning} kept; empty where there is no entry. */
  static Map<Integer, float[]> conditioning(Path entry) throws IOException {
    Map<Integer, float[]> conditioning = new LinkedHashMap<>();
    if (!entry.toString().isEmpty()) {
      for (int t : KEPT_TIMESTEPS) {
        byte[] bytes = Files.readAllBytes(conditioningFile(entry, t));
        float[] values = new float[bytes.length / 4];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        conditioning.put(t, values);
      }
    }
    return conditioning;
  }

  /** Float32 values, little-endian, nothing else. */
  private static Path conditioningFile(Path entry, int timestep) {
    return entry.resolve("conditioning-" + timestep + ".f32");
  }
}
