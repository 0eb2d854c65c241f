package io.github.consistencydecoder.compare.report;

import io.github.consistencydecoder.compare.metrics.Measurements;
import io.github.consistencydecoder.formats.pictures.Region;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What was found for one input.
 *
 * @param name of the input
 * @param key says what went into it; the same key means the same result
 * @param folder where its files are, relative to the comparison's folder, with {@code /}
 * @param width of the pictures
 * @param height of the pictures
 * @param truthFile the original picture, a name inside the folder; absent where there is no truth
 * @param truthAlone what can be measured of the truth by itself, by region
 * @param reference what the columns are measured against: {@value #TRUTH}, or the first column's
 *     name
 * @param differenceScale the brightest colour of the difference maps stands for this many levels
 * @param crops by name, in the order found
 * @param columns in the order of the decoders
 * @param notes sentences for a person
 */
public record InputResult(
    String name,
    String key,
    String folder,
    int width,
    int height,
    Optional<String> truthFile,
    Map<String, Measurements> truthAlone,
    String reference,
    int differenceScale,
    Map<String, Region> crops,
    List<ColumnResult> columns,
    List<String> notes) {
  /** The name of the region that is the whole picture. */
  public static final String WHOLE = "whole";

  /** The name under which the original picture appears. */
  public static final String TRUTH = "truth";

  public InputResult {
    truthAlone = Collections.unmodifiableMap(new LinkedHashMap<>(truthAlone));
    crops = Collections.unmodifiableMap(new LinkedHashMap<>(crops));
    columns = List.copyOf(columns);
    notes = List.copyOf(notes);
  }

  /** Whether the original picture is known, so that quality can be measured. */
  public boolean hasTruth() {
    return truthFile.isPresent();
  }
}
