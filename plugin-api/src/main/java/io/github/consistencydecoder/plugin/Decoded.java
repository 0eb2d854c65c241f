package io.github.consistencydecoder.plugin;

import java.util.List;
import java.util.Map;

/**
 * A decode's result.
 *
 * @param pixels the pictures
 * @param stepNanos time of each evaluation of the network, in the order of the schedule
 * @param totalNanos time of the whole decode
 * @param metadata what is needed to get the same pictures again, as text: at least {@code model},
 *     {@code seed}, {@code schedule}, {@code clamp}
 * @param warnings sentences for a person; empty if there was nothing to say
 */
public record Decoded(
    Pixels pixels,
    List<Long> stepNanos,
    long totalNanos,
    Map<String, String> metadata,
    List<String> warnings) {
  /**
   * Key of the metadata: {@code whole}, or how the picture was divided, for a person. Absent where
   * the decoder does not say.
   */
  public static final String PLAN = "plan";

  public Decoded {
    stepNanos = List.copyOf(stepNanos);
    // Sorted, so that files written from it are the same from run to run.
    metadata = java.util.Collections.unmodifiableSortedMap(new java.util.TreeMap<>(metadata));
    warnings = List.copyOf(warnings);
  }
}
