package io.github.consistencydecoder.formats.archive;

import io.github.consistencydecoder.formats.archive.PickleValue.Global;
import io.github.consistencydecoder.formats.archive.PickleValue.Global.Kind;
import io.github.consistencydecoder.formats.tensors.DType;
import java.util.Map;

/**
 * The allow-list: names that a pickle of weights may refer to. They stand for fixed meanings here;
 * nothing is imported or looked up.
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

  private static final Map<String, Kind> FUNCTIONS =
      Map.of(
          "torch._utils _rebuild_tensor_v2", Kind.REBUILD_TENSOR,
          "torch._utils _rebuild_parameter", Kind.REBUILD_PARAMETER,
          "collections OrderedDict", Kind.ORDERED_DICT,
          "torch.jit._pickle build_intlist", Kind.BUILD_LIST,
          "torch.jit._pickle build_doublelist", Kind.BUILD_LIST,
          "torch.jit._pickle build_boollist", Kind.BUILD_LIST,
          "torch.jit._pickle build_tensorlist", Kind.BUILD_LIST,
          "torch.jit._pickle restore_type_tag", Kind.RESTORE_TYPE_TAG);

  private PickleGlobals() {}

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
    return kind == null ? null : new Global(kind, null, full);
  }
}
