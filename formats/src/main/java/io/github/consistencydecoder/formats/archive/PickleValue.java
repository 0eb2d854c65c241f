package io.github.consistencydecoder.formats.archive;

import io.github.consistencydecoder.formats.tensors.DType;
import io.github.consistencydecoder.formats.tensors.StrictJson;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The values of a pickle of weights, besides Java's own String, Long, Double, Boolean, List and
 * {@link #NONE}. Compared by identity: a hostile pickle may contain itself.
 */
interface PickleValue {
  /** Python's {@code None}. */
  PickleValue NONE = new PickleValue() {};

  /** A value that is known to be no tensor and is passed over. */
  PickleValue OPAQUE = new PickleValue() {};

  /** What stands on the stack where a tuple or list begins. */
  PickleValue MARK = new PickleValue() {};

  /** In words, without walking into it: it may be endless. */
  static String describe(Object value) {
    if (value instanceof String s) {
      return "the string '" + StrictJson.shortened(s) + "'";
    }
    if (value instanceof Number || value instanceof Boolean) {
      return value.toString();
    }
    if (value instanceof List<?> list) {
      return (list instanceof ArrayList<?> ? "a list of " : "a tuple of ") + list.size();
    }
    if (value instanceof Dict dict) {
      return dict.className == null ? "a dictionary" : "a module";
    }
    if (value instanceof Global global) {
      return "the name '" + StrictJson.shortened(global.name) + "'";
    }
    return value instanceof Tensor
        ? "a tensor"
        : value instanceof Storage
            ? "a storage"
            : value == MARK
                ? "a mark"
                : value == PickleValue.OPAQUE ? "a value passed over" : "None";
  }

  /** A dictionary, or the attributes of a module. */
  final class Dict implements PickleValue {
    /** Name of the module's class, or null if this is a dictionary. */
    final String className;

    private Map<Object, Object> entries;
    private boolean built;

    Dict(String className) {
      this.className = className;
    }

    /** Keys are String or Long. */
    Map<Object, Object> entries() {
      return entries == null ? Map.of() : entries;
    }

    /** Adds an entry; false if the key was there. */
    boolean add(Object key, Object value) {
      if (entries == null) {
        // Only now: an empty dictionary costs the file one byte.
        entries = new LinkedHashMap<>();
      }
      return entries.putIfAbsent(key, value) == null;
    }

    /** Takes another dictionary's entries for its own; false if that was done before. */
    boolean build(Dict attributes) {
      boolean first = !built;
      built = true;
      entries = attributes.entries;
      return first;
    }
  }

  /** A name that the allow-list has. */
  final class Global implements PickleValue {
    final Kind kind;

    /** Of a storage, else null. */
    final DType dtype;

    /** As in the file: module, space, name. */
    final String name;

    Global(Kind kind, DType dtype, String name) {
      this.kind = kind;
      this.dtype = dtype;
      this.name = name;
    }

    /** What a reader that runs nothing makes of it. */
    enum Kind {
      REBUILD_TENSOR,
      REBUILD_PARAMETER,
      STORAGE_TYPE,
      ORDERED_DICT,
      DEFAULT_DICT,
      BUILD_LIST,
      RESTORE_TYPE_TAG,
      MODULE_CLASS,
      OPAQUE
    }
  }

  /** A stored array: the archive's entry {@code data/KEY}. */
  final class Storage implements PickleValue {
    final DType dtype;
    final String key;
    final long elements;

    Storage(DType dtype, String key, long elements) {
      this.dtype = dtype;
      this.key = key;
      this.elements = elements;
    }
  }

  /** A view of a storage, not checked against it. Offset and strides are in elements. */
  final class Tensor implements PickleValue {
    final Storage storage;
    final long offset;
    final List<Long> shape;
    final List<Long> strides;

    Tensor(Storage storage, long offset, List<Long> shape, List<Long> strides) {
      this.storage = storage;
      this.offset = offset;
      this.shape = shape;
      this.strides = strides;
    }
  }
}
