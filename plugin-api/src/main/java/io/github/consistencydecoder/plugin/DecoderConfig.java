package io.github.consistencydecoder.plugin;

import static java.util.Objects.requireNonNull;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The configuration of a decoder to open. Immutable.
 *
 * <p>Providers share these keys and may have further ones; an unknown key is refused by the
 * provider, by name.
 */
public final class DecoderConfig {
  /** Key: which model, an id of the catalogue, a folder or a file. */
  public static final String MODEL = "model";

  /** Key: {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:N}. */
  public static final String DEVICE = "device";

  /** Key: number of threads of one evaluation; 0 for as many as there are cores. */
  public static final String THREADS = "threads";

  /**
   * Key: {@code auto}, {@code float32} or {@code float16}, the precision of the network's
   * arithmetic.
   */
  public static final String DTYPE = "dtype";

  /**
   * Key: the memory that decodes may take, such as {@code 3GiB} or {@code 800MB}: what the process
   * holds of its own, mapped weights aside, since the system drops those when it needs room. A
   * decode that would need more is divided as its {@link Tiling} allows, or refused.
   */
  public static final String MEMORY = "memory";

  private final Map<String, String> values;

  private DecoderConfig(Map<String, String> values) {
    this.values = Collections.unmodifiableSortedMap(new TreeMap<>(values));
  }

  /** Nothing set: the provider's defaults. */
  public static DecoderConfig empty() {
    return new DecoderConfig(Map.of());
  }

  /** Just a model. */
  public static DecoderConfig model(String model) {
    return empty().with(MODEL, model);
  }

  /** These settings and one more, which replaces an earlier value of the key. */
  public DecoderConfig with(String key, String value) {
    requireNonNull(key, "key");
    requireNonNull(value, "value");
    Map<String, String> copy = new TreeMap<>(values);
    copy.put(key, value);
    return new DecoderConfig(copy);
  }

  /** The value of a key, if set. */
  public Optional<String> get(String key) {
    return Optional.ofNullable(values.get(key));
  }

  /** All that is set, sorted by key. */
  public Map<String, String> asMap() {
    return values;
  }

  @Override
  public String toString() {
    return values.toString();
  }
}
