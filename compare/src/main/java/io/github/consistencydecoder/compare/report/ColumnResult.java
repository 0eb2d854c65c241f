package io.github.consistencydecoder.compare.report;

import io.github.consistencydecoder.compare.metrics.Measurements;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * What one decoder made of one input.
 *
 * @param name of the decoder in this comparison
 * @param about model, device, seed and the like, as text; sorted by key
 * @param warnings the decoder's, sentences
 * @param file the picture, a name inside the input's folder
 * @param differenceFile the map of differences from the reference, a name inside the input's
 *     folder; absent for the reference itself
 * @param seconds of the decode; absent if it was decoded elsewhere
 * @param peakBytes the whole process's peak while it decoded; absent where the system does not tell
 * @param estimatedBytes what the decoder said beforehand that it would need
 * @param measurements by region: {@value InputResult#WHOLE} or a crop's name
 */
public record ColumnResult(
    String name,
    Map<String, String> about,
    List<String> warnings,
    String file,
    Optional<String> differenceFile,
    OptionalDouble seconds,
    OptionalLong peakBytes,
    OptionalLong estimatedBytes,
    Map<String, Measurements> measurements) {
  public ColumnResult {
    about = Collections.unmodifiableSortedMap(new TreeMap<>(about));
    warnings = List.copyOf(warnings);
    measurements = Collections.unmodifiableMap(new LinkedHashMap<>(measurements));
  }

  /** The measurements of a region; empty if there are none. */
  public Measurements in(String region) {
    return measurements.getOrDefault(region, Measurements.NONE);
  }
}
