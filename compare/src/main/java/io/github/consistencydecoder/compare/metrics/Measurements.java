package io.github.consistencydecoder.compare.metrics;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Values by the id of their measure, in the order of {@link Measure}, further distances by name
 * after them. What could not be measured is absent. Immutable.
 *
 * @param values no NaN; positive infinity only for the PSNR of equal pictures
 */
public record Measurements(Map<String, Double> values) {
  /** Nothing measured. */
  public static final Measurements NONE = new Measurements(Map.of());

  public Measurements {
    values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /** One value, if it was measured. */
  public OptionalDouble get(Measure measure) {
    return get(measure.id());
  }

  /** One value, if it was measured. */
  public OptionalDouble get(String id) {
    Double value = values.get(id);
    return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
  }
}
