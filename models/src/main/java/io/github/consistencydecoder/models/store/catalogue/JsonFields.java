package io.github.consistencydecoder.models.store.catalogue;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A JSON object read field by field: each field has the type that is asked for, no field is missing
 * or unknown, none occurs twice, nothing follows the object. Every complaint names the place.
 */
public final class JsonFields {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final String place;
  private final JsonNode node;

  private JsonFields(String place, JsonNode node) {
    this.place = place;
    this.node = node;
  }

  /**
   * Reads a whole document.
   *
   * @param name what to call it in messages
   */
  public static JsonFields parse(String name, byte[] json) throws CatalogueFormatException {
    try {
      return object(name, MAPPER.readTree(json));
    } catch (JacksonException e) {
      throw new CatalogueFormatException(name, "not JSON: " + e.getOriginalMessage(), e);
    }
  }

  /** A value as indented JSON text, UTF-8, with a line end. */
  public static byte[] write(Object value) {
    return (MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(value) + "\n")
        .getBytes(java.nio.charset.StandardCharsets.UTF_8);
  }

  private static JsonFields object(String place, JsonNode node) throws CatalogueFormatException {
    if (!node.isObject()) {
      throw new CatalogueFormatException(place, "an object is needed, found " + node.getNodeType());
    }
    return new JsonFields(place, node);
  }

  String place() {
    return place;
  }

  /** Refuses fields other than these. */
  public JsonFields only(String... known) throws CatalogueFormatException {
    Set<String> names = Set.of(known);
    for (String name : node.propertyNames()) {
      if (!names.contains(name)) {
        throw new CatalogueFormatException(place, "unknown field '" + name + "'");
      }
    }
    return this;
  }

  Collection<String> names() {
    return node.propertyNames();
  }

  boolean has(String field) {
    return node.has(field);
  }

  /** A text that is not blank. */
  public String text(String field) throws CatalogueFormatException {
    String text = textOrEmpty(field);
    if (text.isBlank()) {
      throw new CatalogueFormatException(place, "field '" + field + "' is blank");
    }
    return text;
  }

  String textOrEmpty(String field) throws CatalogueFormatException {
    JsonNode value = required(field);
    if (!value.isString()) {
      throw wrongType(field, "text", value);
    }
    return value.stringValue();
  }

  Optional<String> optionalText(String field) throws CatalogueFormatException {
    return has(field) ? Optional.of(text(field)) : Optional.empty();
  }

  /** True only if the field is there and true. */
  boolean flag(String field) throws CatalogueFormatException {
    if (!has(field)) {
      return false;
    }
    JsonNode value = required(field);
    if (!value.isBoolean()) {
      throw wrongType(field, "true or false", value);
    }
    return value.booleanValue();
  }

  /** A whole number, 0 or more, below 2^53. */
  public long count(String field) throws CatalogueFormatException {
    JsonNode value = required(field);
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw wrongType(field, "a whole number", value);
    }
    long number = value.longValue();
    if (number < 0 || number >= 1L << 53) {
      throw new CatalogueFormatException(
          place, "field '" + field + "' is " + number + ", 0 to 2^53 - 1 is needed");
    }
    return number;
  }

  OptionalLong optionalCount(String field) throws CatalogueFormatException {
    return has(field) ? OptionalLong.of(count(field)) : OptionalLong.empty();
  }

  JsonFields object(String field) throws CatalogueFormatException {
    return object(place + "." + field, required(field));
  }

  List<JsonFields> objects(String field) throws CatalogueFormatException {
    List<JsonFields> objects = new ArrayList<>();
    for (JsonNode element : array(field)) {
      objects.add(object(place + "." + field + "[" + objects.size() + "]", element));
    }
    return objects;
  }

  List<String> texts(String field) throws CatalogueFormatException {
    List<String> texts = new ArrayList<>();
    for (JsonNode element : array(field)) {
      if (!element.isString()) {
        throw wrongType(field + "[" + texts.size() + "]", "text", element);
      }
      texts.add(element.stringValue());
    }
    return texts;
  }

  private JsonNode array(String field) throws CatalogueFormatException {
    JsonNode value = required(field);
    if (!value.isArray()) {
      throw wrongType(field, "a list", value);
    }
    return value;
  }

  private JsonNode required(String field) throws CatalogueFormatException {
    JsonNode value = node.get(field);
    if (value == null) {
      throw new CatalogueFormatException(place, "field '" + field + "' is missing");
    }
    return value;
  }

  private CatalogueFormatException wrongType(String field, String needed, JsonNode found) {
    return new CatalogueFormatException(
        place, "field '" + field + "' must be " + needed + ", found " + found.getNodeType());
  }
}
