package io.github.consistencydecoder.models.network.graph;

import io.github.consistencydecoder.formats.tensors.DType;
import io.github.consistencydecoder.models.network.Block;
import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A complete file of derived weights and where in it each lies, so that graphs of several sizes can
 * be built over one file.
 *
 * @param file the weights
 * @param offsets of the first byte of each, by name
 */
public record PreparedWeights(Path file, Map<String, Long> offsets) {
  /** Copies {@code offsets}. */
  public PreparedWeights {
    offsets = Map.copyOf(offsets);
  }

  /** Bytes of the file for a network. */
  static long bytes(ConsistencyWeights weights) {
    ConsistencyNetwork network = weights.network();
    long values =
        (long) network.widths().get(0)
            * ConsistencyNetwork.IMAGE_CHANNELS
            * Winograd.at(0).products();
    int level = 0;
    for (Block b : network.blocks()) {
      level += b.kind().levels();
      values += (long) b.out() * (b.in() + b.out()) * Winograd.at(level).products();
    }
    boolean asTheyAre =
        network.tensors().keySet().stream().allMatch(t -> weights.tensor(t).dtype() == DType.F32);
    return 4 * (values + (asTheyAre ? 0 : network.parameters()));
  }

  /** Reads what {@link #writeIndex} wrote. */
  public static PreparedWeights read(Path file, Path index) throws IOException {
    Map<String, Long> offsets = new TreeMap<>();
    for (String line : Files.readAllLines(index)) {
      int space = line.indexOf(' ');
      try {
        offsets.put(
            line.substring(space + 1), Long.parseLong(line.substring(0, Math.max(0, space))));
      } catch (NumberFormatException e) {
        throw new IOException(
            index.getFileName() + ": '" + line + "' is not an offset and a name", e);
      }
    }
    return new PreparedWeights(file, offsets);
  }

  /** Writes a line {@code OFFSET NAME} for each of the weights, sorted by name. */
  public void writeIndex(Path index) throws IOException {
    List<String> lines =
        new TreeMap<>(offsets)
            .entrySet().stream().map(e -> e.getValue() + " " + e.getKey()).toList();
    Files.write(index, lines);
  }
}
