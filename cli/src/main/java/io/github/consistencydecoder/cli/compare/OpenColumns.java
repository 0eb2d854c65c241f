package io.github.consistencydecoder.cli.compare;

import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The decoders of a comparison. Two columns with the same plugin and settings share one, since it
 * may hold gigabytes.
 *
 * <p>Owns the decoders.
 */
final class OpenColumns implements AutoCloseable {
  private final List<LatentDecoder> opened = new ArrayList<>();
  private final Map<String, LatentDecoder> known = new HashMap<>();

  /** The decoder of a column, opened if no other column has it. Borrowed until {@link #close}. */
  LatentDecoder open(ColumnSpec spec, DecoderConfig device) {
    DecoderConfig config = spec.config(device);
    String key = spec.plugin() + " " + config;
    LatentDecoder decoder = known.get(key);
    if (decoder == null) {
      decoder = Decoders.open(spec.plugin(), config);
      opened.add(decoder);
      known.put(key, decoder);
    }
    return decoder;
  }

  /** Closes all, the last one first; a failure does not keep the others open. */
  @Override
  public void close() {
    RuntimeException failure = null;
    for (int i = opened.size() - 1; i >= 0; i--) {
      try {
        opened.get(i).close();
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    opened.clear();
    known.clear();
    if (failure != null) {
      throw failure;
    }
  }
}
