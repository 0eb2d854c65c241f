package io.github.consistencydecoder.formats.archive;

import io.github.consistencydecoder.formats.archive.PickleValue.Dict;
import io.github.consistencydecoder.formats.archive.PickleValue.Tensor;
import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.formats.tensors.CheckpointLimits;
import io.github.consistencydecoder.formats.tensors.StrictJson;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import io.github.consistencydecoder.formats.tensors.TensorShapes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the tensors of a zip archive written by {@code torch.save} or {@code torch.jit.save}.
 *
 * <p>All entries lie in one folder, whatever its name: {@code data.pkl} describes the tensors,
 * {@code data/K} holds storage K, {@code byteorder}, where there is one, must say {@code little}.
 * Code and everything else is not read.
 *
 * <p>A tensor at the root has no name. Modules, dictionaries, lists and tuples are flattened by
 * joining names with dots, own tensors before those of children in the file's order. A dictionary
 * without tensors of its own but with {@code state_dict} or {@code model} stands for that. Each
 * tensor is checked to lie inside its storage, and its storage to be as long as declared; an
 * expanded one may repeat elements up to a limit.
 */
final class TorchArchive {
  private static final String PICKLE = "/data.pkl";
  private static final int MAX_BYTEORDER_BYTES = 16;

  /** How often elements may be repeated, and how many there may be whatever was stored. */
  private static final int MAX_REPEATS = 16;

  private static final int FEW_ELEMENTS = 1 << 16;

  private TorchArchive() {}

  static TensorArchive read(Path file, Path real, ZipDirectory zip, CheckpointLimits limits)
      throws IOException {
    String root = root(file, zip);
    requireLittleEndian(file, zip, root);
    ZipDirectory.Entry pickle = zip.entries().get(root + PICKLE);
    Object value =
        RestrictedPickle.parse(
            file, zip.content(pickle, limits.maxPickleBytes()), pickle.dataOffset(), limits);
    Map<String, TensorInfo> tensors =
        new Flattening(file, real, zip, root, limits).flatten(withoutWrapping(value));
    boolean script =
        zip.entries().containsKey(root + "/constants.pkl")
            || zip.entries().keySet().stream().anyMatch(n -> n.startsWith(root + "/code/"));
    if (tensors.isEmpty()) {
      throw new FormatException(
          file,
          "",
          -1,
          script && zip.entries().containsKey(root + "/constants/0")
              ? "a frozen module, its weights have lost their names; save it without"
                  + " torch.jit.freeze"
              : "no tensors in the archive; arrays of NumPy in it are passed over, save them with"
                  + " numpy.save");
    }
    return new TensorArchive(script ? "torchscript" : "torch", tensors, Map.of());
  }

  private static String root(Path file, ZipDirectory zip) throws FormatException {
    List<String> pickles =
        zip.entries().keySet().stream()
            .filter(n -> n.endsWith(PICKLE) && n.indexOf('/') == n.length() - PICKLE.length())
            .toList();
    if (pickles.size() == 1) {
      return pickles.get(0).substring(0, pickles.get(0).length() - PICKLE.length());
    }
    throw new FormatException(
        file,
        "",
        -1,
        "a zip archive with %s entries FOLDER%s, PyTorch writes exactly one"
            .formatted(pickles.size(), PICKLE));
  }

  private static void requireLittleEndian(Path file, ZipDirectory zip, String root)
      throws IOException {
    ZipDirectory.Entry entry = zip.entries().get(root + "/byteorder");
    if (entry == null) {
      return;
    }
    String order =
        new String(zip.content(entry, MAX_BYTEORDER_BYTES), StandardCharsets.ISO_8859_1).strip();
    if (!order.equals("little")) {
      throw new FormatException(
          file,
          "",
          entry.dataOffset(),
          "byte order '" + StrictJson.shortened(order) + "', needs 'little'");
    }
  }

  /** Steps over the dictionary that training scripts wrap around their weights. */
  private static Object withoutWrapping(Object value) {
    if (!(value instanceof Dict dict)) {
      return value;
    }
    boolean ownTensors = dict.entries().values().stream().anyMatch(Tensor.class::isInstance);
    if (dict.className == null && !ownTensors) {
      for (String key : List.of("state_dict", "model")) {
        if (dict.entries().get(key) instanceof Dict inner) {
          return inner;
        }
      }
    }
    return dict;
  }

  /** One walk over the tree, bounded in depth and in places visited: it may contain itself. */
  private static final class Flattening {
    private final Path file;
    private final Path real;
    private final ZipDirectory zip;
    private final String root;
    private final CheckpointLimits limits;
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    private int visited;

    Flattening(Path file, Path real, ZipDirectory zip, String root, CheckpointLimits limits) {
      this.file = file;
      this.real = real;
      this.zip = zip;
      this.root = root;
      this.limits = limits;
    }

    Map<String, TensorInfo> flatten(Object tree) throws FormatException {
      walk("", tree, 0);
      return tensors;
    }

    private void walk(String name, Object value, int depth) throws FormatException {
      if (++visited > limits.maxPickleObjects()) {
        throw wrong(name, "the tree has more than " + limits.maxPickleObjects() + " places");
      }
      if (depth > limits.maxPickleDepth()) {
        throw wrong(name, "nested deeper than " + limits.maxPickleDepth());
      }
      if (name.length() > limits.maxNameChars()) {
        throw wrong(name, "a name longer than " + limits.maxNameChars() + " characters");
      }
      if (value instanceof Tensor tensor) {
        add(name, tensor, depth == 0);
      } else if (value instanceof Dict dict) {
        for (Map.Entry<Object, Object> e : dict.entries().entrySet()) {
          walk(joined(name, e.getKey()), e.getValue(), depth + 1);
        }
      } else if (value instanceof List<?> list) {
        for (int i = 0; i < list.size(); i++) {
          walk(joined(name, i), list.get(i), depth + 1);
        }
      }
    }

    private static String joined(String name, Object part) {
      return name.isEmpty() ? part.toString() : name + "." + part;
    }

    private void add(String name, Tensor tensor, boolean root) throws FormatException {
      if (tensors.size() == limits.maxTensors()) {
        throw wrong(name, "more than " + limits.maxTensors() + " tensors");
      }
      if (name.isEmpty() && !root) {
        throw wrong(name, "a tensor without a name");
      }
      if (tensors.put(name, located(name, tensor)) != null) {
        throw wrong(name, "the name occurs twice");
      }
    }

    private TensorInfo located(String name, Tensor tensor) throws FormatException {
      ZipDirectory.Entry entry = storageEntry(name, tensor.storage);
      long span = span(name, tensor);
      int size = tensor.storage.dtype.bytes();
      return new TensorInfo(
          name,
          tensor.storage.dtype,
          tensor.shape,
          tensor.strides,
          real,
          entry.dataOffset() + tensor.offset * size,
          span * size);
    }

    private ZipDirectory.Entry storageEntry(String name, PickleValue.Storage storage)
        throws FormatException {
      String entryName = root + "/data/" + storage.key;
      ZipDirectory.Entry entry = zip.entries().get(entryName);
      if (entry == null) {
        throw wrong(name, "its storage, entry '" + entryName + "', is not in the archive");
      }
      zip.requireStored(entry);
      int size = storage.dtype.bytes();
      if (entry.size() % size != 0 || entry.size() / size != storage.elements) {
        throw new FormatException(
            file,
            StrictJson.shortened(name),
            entry.dataOffset(),
            "its storage has %s bytes, %s elements of %s declared"
                .formatted(entry.size(), storage.elements, storage.dtype));
      }
      return entry;
    }

    /** Elements from the first to the last one, both included; all inside the storage. */
    private long span(String name, Tensor tensor) throws FormatException {
      List<Long> shape = tensor.shape;
      if (shape.size() > limits.maxRank() || shape.size() != tensor.strides.size()) {
        throw wrong(
            name,
            "%s dimensions and %s strides, needs as many of each and at most %s"
                .formatted(shape.size(), tensor.strides.size(), limits.maxRank()));
      }
      long stored = tensor.storage.elements;
      long elements = TensorShapes.elements(shape);
      if (elements < 0) {
        throw wrong(name, "shape " + shape + " overflows 63 bits");
      }
      if (elements > FEW_ELEMENTS && elements / MAX_REPEATS > stored) {
        throw wrong(
            name,
            ("shape %s has more elements than %s times its storage of %s; save a"
                    + " copy of it: tensor.contiguous()")
                .formatted(shape, MAX_REPEATS, stored));
      }
      long last = tensor.offset;
      for (int i = 0; i < shape.size() && elements > 0; i++) {
        long steps = shape.get(i) - 1;
        long stride = tensor.strides.get(i);
        // Within the storage no product can overflow.
        if ((steps > 0 && stride > stored / steps) || last > stored) {
          last = Long.MAX_VALUE;
          break;
        }
        last += steps * stride;
      }
      if (elements == 0 ? tensor.offset > stored : last >= stored) {
        throw wrong(
            name,
            "shape %s, strides %s and offset %s reach beyond its storage of %s elements"
                .formatted(shape, tensor.strides, tensor.offset, stored));
      }
      return elements == 0 ? 0 : last - tensor.offset + 1;
    }

    private FormatException wrong(String name, String reason) {
      return new FormatException(file, StrictJson.shortened(name), -1, reason);
    }
  }
}
