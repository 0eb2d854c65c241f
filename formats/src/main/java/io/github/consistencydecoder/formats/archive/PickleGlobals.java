package io.github.consistencydecoder.formats.archive;

import io.github.consistencydecoder.formats.archive.PickleValue.Global;
import io.github.consistencydecoder.formats.archive.PickleValue.Global.Kind;
import io.github.consistencydecoder.formats.tensors.DType;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The allow-list: names that a pickle of tensors may refer to. They stand for fixed meanings here;
 * nothing is imported or looked up. Many stand for a value that is passed over.
 */
final class PickleGlobals {
  private static final Map<String, DType> STORAGES =
      Map.of(
          "FloatStorage", DType.F32,
          "HalfStorage", DType.F16,
          "BFloat16Storage", DType.BF16,
          "DoubleStorage", DType.F64,
          "LongStorage", DType.I64,
          "IntStorage", DType.I32,
          "ShortStorage", DType.I16,
          "CharStorage", DType.I8,
          "ByteStorage", DType.U8,
          "BoolStorage", DType.BOOL);

  private static final String BUILTINS =
      "set|frozenset|complex|bytes|bytearray|slice|x?range|list|dict|tuple|int|float|str|bool";

  private static final String PATHS = "(Pure)?(Posix|Windows)?Path";

  private static final Map<String, Kind> FUNCTIONS =
      Map.of(
          "torch._utils _rebuild_tensor_v2", Kind.REBUILD_TENSOR,
          "torch._utils _rebuild_parameter", Kind.REBUILD_PARAMETER,
          "collections OrderedDict", Kind.ORDERED_DICT,
          "collections defaultdict", Kind.DEFAULT_DICT,
          "torch.jit._pickle build_intlist", Kind.BUILD_LIST,
          "torch.jit._pickle build_doublelist", Kind.BUILD_LIST,
          "torch.jit._pickle build_boollist", Kind.BUILD_LIST,
          "torch.jit._pickle build_tensorlist", Kind.BUILD_LIST,
          "torch.jit._pickle restore_type_tag", Kind.RESTORE_TYPE_TAG);

  /** Modules and the names in them whose values are passed over. */
  private static final Map<String, Pattern> OPAQUE =
      Map.ofEntries(
          names(
              "torch",
              "device|Size|Complex(Float|Double)Storage|b?float(16|32|64)|u?int(8|16|32|64)"
                  + "|bool|complex(32|64|128)|float8_\\w+"),
          names("torch.storage", "UntypedStorage"),
          names("torch._utils", "_rebuild_tensor_v3"),
          names("torch.serialization", "_get_layout"),
          names("numpy", "dtype|ndarray"),
          names("numpy.dtypes", "\\w+DType"),
          names("numpy.core.multiarray", "scalar|_reconstruct"),
          names("numpy._core.multiarray", "scalar|_reconstruct"),
          names("numpy.core.numeric", "_frombuffer"),
          names("numpy._core.numeric", "_frombuffer"),
          names("_codecs", "encode"),
          names("builtins", BUILTINS),
          names("__builtin__", BUILTINS),
          names("collections", "Counter|deque"),
          names("datetime", "datetime|date|time|timedelta|timezone"),
          names("decimal", "Decimal"),
          names("uuid", "UUID"),
          names("argparse", "Namespace"),
          names("pathlib", PATHS),
          names("pathlib._local", PATHS));

  private PickleGlobals() {}

  private static Map.Entry<String, Pattern> names(String module, String names) {
    return Map.entry(module, Pattern.compile(names));
  }

  /** What the name stands for, or null if it is not allowed. */
  static Global find(String module, String name) {
    String full = module + " " + name;
    DType dtype = module.equals("torch") ? STORAGES.get(name) : null;
    if (dtype != null) {
      return new Global(Kind.STORAGE_TYPE, dtype, full);
    }
    if (module.equals("__torch__") || module.startsWith("__torch__.")) {
      return new Global(Kind.MODULE_CLASS, null, full);
    }
    Kind kind = FUNCTIONS.get(full);
    Pattern opaque = OPAQUE.get(module);
    if (kind == null && opaque != null && opaque.matcher(name).matches()) {
      kind = Kind.OPAQUE;
    }
    return kind == null ? null : new Global(kind, null, full);
  }
}
