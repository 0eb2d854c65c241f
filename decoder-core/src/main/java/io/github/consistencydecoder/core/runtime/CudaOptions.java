package io.github.consistencydecoder.core.runtime;

import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.util.Map;
import java.util.TreeMap;

/**
 * Advanced options of ONNX Runtime's CUDA provider, by the provider's own names, and {@code log},
 * the least that a session's log says.
 *
 * @param values by name; what is not named is as {@link Devices} chooses
 */
public record CudaOptions(Map<String, String> values) {
  /** None. */
  public static final CudaOptions NONE = new CudaOptions(Map.of());

  /** Of the runtime's log. */
  static final String LOG = "log";

  private static final String SWITCH = "0|1";

  /** What exists in both builds that are used, and the values. */
  private static final Map<String, String> KNOWN =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("arena_extend_strategy", "kNextPowerOfTwo|kSameAsRequested"),
              Map.entry("cudnn_conv_algo_search", "DEFAULT|EXHAUSTIVE|HEURISTIC"),
              Map.entry("cudnn_conv_use_max_workspace", SWITCH),
              Map.entry("do_copy_in_default_stream", SWITCH),
              Map.entry("fuse_conv_bias", SWITCH),
              Map.entry("gpu_mem_limit", "[1-9]\\d{0,17}"),
              Map.entry("prefer_nhwc", SWITCH),
              Map.entry("tunable_op_enable", SWITCH),
              Map.entry("tunable_op_tuning_enable", SWITCH),
              Map.entry("use_ep_level_unified_stream", SWITCH),
              Map.entry("use_tf32", SWITCH),
              Map.entry(LOG, "verbose|info|warning|error|fatal")));

  public CudaOptions {
    values = Map.copyOf(values);
  }

  /**
   * Reads {@code name=value,name=value}.
   *
   * @throws DecoderException {@link DecoderErrorCode#INVALID_OPTIONS} naming what exists
   */
  public static CudaOptions parse(String text) {
    Map<String, String> values = new TreeMap<>();
    for (String option : text.split(",", -1)) {
      String name = option.substring(0, Math.max(0, option.indexOf('='))).strip();
      String value = option.substring(option.indexOf('=') + 1).strip();
      if (!KNOWN.containsKey(name)) {
        throw invalid("'" + option.strip() + "' is none of name=value with a name of ");
      }
      if (!value.matches(KNOWN.get(name))) {
        throw invalid("'" + option.strip() + "' has a value that does not exist; there are ");
      }
      values.put(name, value);
    }
    return new CudaOptions(values);
  }

  private static DecoderException invalid(String message) {
    StringBuilder all = new StringBuilder("cuda.options " + message);
    KNOWN.forEach(
        (name, values) ->
            all.append(name)
                .append('=')
                .append(values.startsWith("[") ? "BYTES" : values)
                .append(", "));
    all.setLength(all.length() - 2);
    return new DecoderException(DecoderErrorCode.INVALID_OPTIONS, all.toString());
  }
}
