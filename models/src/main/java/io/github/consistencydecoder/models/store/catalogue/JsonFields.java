package io.github.consistencydecoder.models.store.catalogue;

import java.io.ByteArrayOutputStream;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.PrettyPrinter;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.DefaultPrettyPrinter;

/**
 * A JSON object read field by field: each field has the type that is asked for, no field is missing
 * or unknown, none occurs twice, nothing follows the object. Every complaint names the place.
 *
 * <p>By Jackson's parser alone: its data binding needs annotations of its own version, and a host
 * may bring others.
 */
public final class JsonFields {
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private static final ObjectWriteContext INDENTED =
      new ObjectWriteContext.Base() {
        @Override
        public PrettyPrinter getPrettyPrinter() {
          return new DefaultPrettyPrinter();
        }
      };

  private final String place;
  private final Map<?, ?> fields;

  private JsonFields(String place, Map<?, ?> fields) {
    this.place = place;
    this.fields = fields;
  }

  /**
   * Reads a whole document.
   *
   * @param name what to call it in messages
   */
  public static JsonFields parse(String name, byte[] json) throws CatalogueFormatException {
    try (JsonParser in = JSON.createParser(ObjectReadContext.empty(), json)) {
      if (in.nextToken() == null) {
        throw new CatalogueFormatException(name, "an object is needed, found nothing");
      }
      JsonFields document = object(name, value(in));
      if (in.nextToken() != null) {
        throw new CatalogueFormatException(name, "not JSON: more follows its end");
      }
      return document;
    } catch (JacksonException e) {
      throw new CatalogueFormatException(name, "not JSON: " + e.getOriginalMessage(), e);
    }
  }

  /** The value that begins at the current token: maps, lists, texts, numbers, booleans, null. */
  private static Object value(JsonParser in) {
    return switch (in.currentToken()) {
      case START_OBJECT -> {
        Map<String, Object> map = new LinkedHashMap<>();
        while (in.nextToken() != JsonToken.END_OBJECT) {
          String name = in.currentName();
          in.nextToken();
          map.put(name, value(in));
        }
        yield map;
      }
      case START_ARRAY -> {
        List<Object> list = new ArrayList<>();
        while (in.nextToken() != JsonToken.END_ARRAY) {
          list.add(value(in));
        }
        yield list;
      }
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> in.getNumberValue();
      case VALUE_TRUE, VALUE_FALSE -> in.getBooleanValue();
      case VALUE_NULL -> null;
      default -> in.getString();
    };
  }

  /**
   * A value as indented JSON text, UTF-8, with a line end.
   *
   * @param value a map, a record, a list, a text, a whole number or a boolean
   */
  public static byte[] write(Object value) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator to = JSON.createGenerator(INDENTED, out)) {
      write(to, value);
    }
    out.writeBytes("\n".getBytes(StandardCharsets.UTF_8));
    return out.toByteArray();
  }

  private static void write(JsonGenerator to, Object value) {
    if (value instanceof Map<?, ?> map) {
      to.writeStartObject();
      map.forEach((name, inner) -> write(to.writeName((String) name), inner));
      to.writeEndObject();
    } else if (value instanceof Record) {
      write(to, fields(value));
    } else if (value instanceof List<?> list) {
      to.writeStartArray();
      list.forEach(inner -> write(to, inner));
      to.writeEndArray();
    } else if (value instanceof Boolean truth) {
      to.writeBoolean(truth);
    } else if (value instanceof Integer || value instanceof Long) {
      to.writeNumber(((Number) value).longValue());
    } else {
      to.writeString((String) value);
    }
  }

  private static Map<String, Object> fields(Object of) {
    Map<String, Object> fields = new LinkedHashMap<>();
    try {
      for (RecordComponent component : of.getClass().getRecordComponents()) {
        component.getAccessor().setAccessible(true);
        fields.put(component.getName(), component.getAccessor().invoke(of));
      }
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
    return fields;
  }

  private static JsonFields object(String place, Object value) throws CatalogueFormatException {
    if (!(value instanceof Map<?, ?> map)) {
      throw new CatalogueFormatException(place, "an object is needed, found " + kind(value));
    }
    return new JsonFields(place, map);
  }

  private static String kind(Object value) {
    return value == null
        ? "null"
        : value instanceof Map
            ? "an object"
            : value instanceof List
                ? "a list"
                : value instanceof Number
                    ? "a number"
                    : value instanceof Boolean ? "true or false" : "text";
  }

  String place() {
    return place;
  }

  /** Refuses fields other than these. */
  public JsonFields only(String... known) throws CatalogueFormatException {
    Set<String> names = Set.of(known);
    for (String name : names()) {
      if (!names.contains(name)) {
        throw new CatalogueFormatException(place, "unknown field '" + name + "'");
      }
    }
    return this;
  }

  Collection<String> names() {
    return fields.keySet().stream().map(String.class::cast).toList();
  }

  boolean has(String field) {
    return fields.containsKey(field);
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
    if (!(required(field) instanceof String text)) {
      throw wrongType(field, "text", fields.get(field));
    }
    return text;
  }

  /** True only if the field is there and true. */
  boolean flag(String field) throws CatalogueFormatException {
    if (!has(field)) {
      return false;
    }
    if (!(required(field) instanceof Boolean flag)) {
      throw wrongType(field, "true or false", fields.get(field));
    }
    return flag;
  }

  /** A whole number, 0 or more, below 2^53. */
  public long count(String field) throws CatalogueFormatException {
    Object value = required(field);
    if (!(value instanceof Integer || value instanceof Long)) {
      throw wrongType(field, "a whole number", value);
    }
    long number = ((Number) value).longValue();
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

  /** A list of objects. */
  public List<JsonFields> objects(String field) throws CatalogueFormatException {
    List<JsonFields> objects = new ArrayList<>();
    for (Object element : array(field)) {
      objects.add(object(place + "." + field + "[" + objects.size() + "]", element));
    }
    return objects;
  }

  /** A list of texts. */
  public List<String> texts(String field) throws CatalogueFormatException {
    List<String> texts = new ArrayList<>();
    for (Object element : array(field)) {
      if (!(element instanceof String text)) {
        throw wrongType(field + "[" + texts.size() + "]", "text", element);
      }
      texts.add(text);
    }
    return texts;
  }

  private List<?> array(String field) throws CatalogueFormatException {
    Object value = required(field);
    if (!(value instanceof List<?> list)) {
      throw wrongType(field, "a list", value);
    }
    return list;
  }

  private Object required(String field) throws CatalogueFormatException {
    if (!has(field)) {
      throw new CatalogueFormatException(place, "field '" + field + "' is missing");
    }
    return fields.get(field);
  }

  private CatalogueFormatException wrongType(String field, String needed, Object found) {
    return new CatalogueFormatException(
        place, "field '" + field + "' must be " + needed + ", found " + kind(found));
  }
}
