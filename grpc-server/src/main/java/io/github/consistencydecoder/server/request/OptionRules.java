package io.github.consistencydecoder.server.request;

import io.github.consistencydecoder.plugin.DecodeOption;
import io.github.consistencydecoder.plugin.DecodeOptions;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/** The options of a decode as callers say them, read through the table of options. */
public final class OptionRules {
  private OptionRules() {}

  /**
   * Options; those that are not said have their defaults.
   *
   * @param said what a caller wrote, by option
   * @param field what the endpoint calls an option
   * @throws ServiceException {@code INVALID} if a text is no value or two exclude each other
   */
  public static DecodeOptions read(
      Map<DecodeOption, String> said, Function<DecodeOption, String> field)
      throws ServiceException {
    DecodeOptions.Builder builder = DecodeOptions.builder();
    Map<String, DecodeOption> properties = new HashMap<>();
    for (Map.Entry<DecodeOption, String> one : said.entrySet()) {
      DecodeOption other = properties.putIfAbsent(one.getKey().property(), one.getKey());
      if (other != null) {
        throw ServiceException.invalid(
            field.apply(one.getKey()),
            "was given together with " + other.id() + "; one of them is needed");
      }
      try {
        one.getKey().read(one.getValue(), builder);
      } catch (IllegalArgumentException e) {
        // What a caller wrote stands in it; nothing of that may look like markup.
        throw ServiceException.invalid(
            field.apply(one.getKey()), e.getMessage().replaceAll("[<>&\"]", "?"));
      }
    }
    return builder.build();
  }
}
