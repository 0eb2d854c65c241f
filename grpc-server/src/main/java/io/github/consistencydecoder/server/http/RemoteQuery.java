package io.github.consistencydecoder.server.http;

import io.github.consistencydecoder.plugin.DecodeOption;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.server.request.LatentRules;
import io.github.consistencydecoder.server.request.OptionRules;
import io.github.consistencydecoder.server.request.ServiceException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.util.Fields;
import org.eclipse.jetty.util.UrlEncoded;

/** A request's query. Keys that nobody asks for are ignored. */
final class RemoteQuery {
  private static final int LONGEST_ECHO = 40;

  private final Fields fields;

  private RemoteQuery(Fields fields) {
    this.fields = fields;
  }

  /**
   * @throws ServiceException {@code INVALID} if it is not percent-encoded UTF-8
   */
  static RemoteQuery of(HttpURI uri) throws ServiceException {
    Fields fields = new Fields(true);
    String query = uri.getQuery();
    if (query != null && !query.isEmpty()) {
      try {
        UrlEncoded.decodeUtf8To(query, 0, query.length(), fields);
      } catch (RuntimeException e) {
        throw notEncoded();
      }
    }
    return new RemoteQuery(fields);
  }

  private static ServiceException notEncoded() {
    return ServiceException.invalid("query", "the query is not percent-encoded UTF-8");
  }

  /** Whether the key is there. */
  boolean has(String key) {
    return fields.get(key) != null;
  }

  /**
   * The value of a key.
   *
   * @throws ServiceException {@code INVALID} if it is there more than once
   */
  Optional<String> text(String key) throws ServiceException {
    List<String> values = fields.getValuesOrEmpty(key);
    if (values.size() > 1) {
      throw ServiceException.invalid(key, "is given " + values.size() + " times");
    }
    return values.stream().findFirst().map(String::strip);
  }

  /**
   * Python's or JSON's truth.
   *
   * @throws ServiceException {@code INVALID}
   */
  Optional<Boolean> truth(String key) throws ServiceException {
    Optional<String> text = text(key);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        switch (text.get().toLowerCase(Locale.ROOT)) {
          case "true", "1" -> true;
          case "false", "0" -> false;
          default ->
              throw ServiceException.invalid(
                  key, "'" + echo(text.get()) + "' is neither True nor False");
        });
  }

  /**
   * A decimal number.
   *
   * @throws ServiceException {@code INVALID}
   */
  OptionalDouble decimal(String key) throws ServiceException {
    Optional<String> text = text(key);
    if (text.isEmpty()) {
      return OptionalDouble.empty();
    }
    try {
      double value = Double.parseDouble(text.get());
      if (Double.isFinite(value)) {
        return OptionalDouble.of(value);
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw ServiceException.invalid(key, "'" + echo(text.get()) + "' is not a number");
  }

  /**
   * A number of pixels.
   *
   * @throws ServiceException {@code INVALID}
   */
  Optional<Integer> pixels(String key) throws ServiceException {
    Optional<String> text = text(key);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(Integer.valueOf(text.get()));
    } catch (NumberFormatException e) {
      throw ServiceException.invalid(key, "'" + echo(text.get()) + "' is not a number of pixels");
    }
  }

  /**
   * Dimensions: the key once for each, or one value such as {@code [1,4,64,64]} or {@code
   * 1,4,64,64}.
   *
   * @return empty if the key is not there
   * @throws ServiceException {@code INVALID}
   */
  List<Long> dimensions(String key) throws ServiceException {
    List<String> values = fields.getValuesOrEmpty(key);
    List<String> parts = values;
    if (values.size() == 1) {
      String text = values.get(0).strip();
      if (text.startsWith("[") && text.endsWith("]")) {
        text = text.substring(1, text.length() - 1);
      }
      parts = List.of(text.split(",", -1));
    }
    List<Long> dimensions = new ArrayList<>(parts.size());
    for (String part : parts) {
      String digits = part.strip();
      if (!digits.matches("\\d{1,18}")) {
        throw ServiceException.invalid(key, "'" + echo(digits) + "' is not a dimension");
      }
      dimensions.add(Long.valueOf(digits));
    }
    if (dimensions.size() > 8) {
      throw ServiceException.invalid(key, dimensions.size() + " dimensions are too many");
    }
    return List.copyOf(dimensions);
  }

  /**
   * The options that are said, by their names.
   *
   * @throws ServiceException {@code INVALID}
   */
  DecodeOptions options() throws ServiceException {
    Map<DecodeOption, String> said = new EnumMap<>(DecodeOption.class);
    for (DecodeOption option : DecodeOption.values()) {
      // As the table has it, or as the other keys are written.
      String key = has(option.id()) ? option.id() : option.id().replace('-', '_');
      Optional<String> text = option.readable() ? text(key) : Optional.empty();
      text.ifPresent(value -> said.put(option, value));
    }
    return OptionRules.read(said, DecodeOption::id);
  }

  /** Of three dimensions a batch of one. */
  static List<Long> batched(List<Long> shape) {
    if (shape.size() != 3) {
      return shape;
    }
    List<Long> batch = new ArrayList<>(shape);
    batch.add(0, 1L);
    return batch;
  }

  /**
   * Whether a factor between the scales is there: that of Stable Diffusion 1.x, and no shift.
   *
   * @throws ServiceException {@code INVALID}
   */
  boolean hasScalingFactor() throws ServiceException {
    OptionalDouble factor = decimal("scaling_factor");
    if (factor.isPresent()) {
      LatentRules.checkScalingFactor("scaling_factor", factor.getAsDouble());
    }
    OptionalDouble shift = decimal("shift_factor");
    if (shift.isPresent()) {
      LatentRules.checkShiftFactor("shift_factor", shift.getAsDouble());
    }
    return factor.isPresent();
  }

  /** What a caller wrote, as it may appear in a message. */
  static String echo(String text) {
    String clean = text.replaceAll("[^0-9A-Za-z,.:+_/ \\[\\]*-]", "?");
    return clean.length() > LONGEST_ECHO ? clean.substring(0, LONGEST_ECHO) + ".." : clean;
  }
}
