package io.github.consistencydecoder.formats.archive;

import io.github.consistencydecoder.formats.archive.PickleValue.Dict;
import io.github.consistencydecoder.formats.archive.PickleValue.Global;
import io.github.consistencydecoder.formats.archive.PickleValue.Storage;
import io.github.consistencydecoder.formats.archive.PickleValue.Tensor;
import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.formats.tensors.CheckpointLimits;
import io.github.consistencydecoder.formats.tensors.DType;
import io.github.consistencydecoder.formats.tensors.StrictJson;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the pickles in which PyTorch keeps tensor descriptors, as data. It never resolves a class
 * and never runs code: the few {@linkplain PickleGlobals names} that it knows have fixed meanings,
 * any other name and any other {@linkplain PickleOpcode opcode} ends the reading.
 *
 * <p>Protocols 2 to 5. Values of a few known types that are no tensors, a set for example, are
 * passed over: whatever happens to them, they stay {@link PickleValue#OPAQUE}. Strings are strict
 * UTF-8 and integers fit 64 bits; memo, stack and number of objects are bounded; nothing follows
 * the end. The result may share and even contain itself; whoever walks it must bound the walk.
 */
final class RestrictedPickle {
  private static final String LIST = "a list";

  private final PickleInput in;
  private final int maxObjects;
  private final List<Object> stack = new ArrayList<>();
  private final Map<Integer, Object> memo = new HashMap<>();
  private int objects;

  private RestrictedPickle(Path file, byte[] pickle, long offsetInFile, CheckpointLimits limits) {
    this.in = new PickleInput(file, pickle, offsetInFile);
    this.maxObjects = limits.maxPickleObjects();
  }

  /**
   * Reads a whole pickle.
   *
   * @param file for messages
   * @param offsetInFile where the pickle starts there, bytes
   * @return String, Long, Double, Boolean, List or {@link PickleValue}
   */
  static Object parse(Path file, byte[] pickle, long offsetInFile, CheckpointLimits limits)
      throws FormatException {
    return new RestrictedPickle(file, pickle, offsetInFile, limits).run();
  }

  private Object run() throws FormatException {
    if (in.opcode() != PickleOpcode.PROTO) {
      throw wrong("a pickle without a protocol number");
    }
    int protocol = in.uint8();
    if (protocol < 2 || protocol > 5) {
      throw wrong("pickle protocol " + protocol + ", protocols 2 to 5 are read");
    }
    for (int opcode = in.opcode(); opcode != PickleOpcode.STOP; opcode = in.opcode()) {
      execute(opcode);
    }
    Object result = pop();
    if (!stack.isEmpty()) {
      throw wrong("the pickle ends with " + (stack.size() + 1) + " values on its stack");
    }
    if (in.remaining() > 0) {
      throw wrong(in.remaining() + " bytes follow the end of the pickle");
    }
    return result;
  }

  private void execute(int opcode) throws FormatException {
    switch (opcode) {
      case PickleOpcode.MARK -> push(PickleValue.MARK);
      case PickleOpcode.NONE -> push(PickleValue.NONE);
      case PickleOpcode.NEWTRUE -> push(true);
      case PickleOpcode.NEWFALSE -> push(false);
      case PickleOpcode.BININT -> push((long) in.int32());
      case PickleOpcode.BININT1 -> push((long) in.uint8());
      case PickleOpcode.BININT2 -> push((long) in.uint16());
      case PickleOpcode.LONG1 -> push(in.long1());
      case PickleOpcode.BINFLOAT -> push(in.float64());
      case PickleOpcode.BINUNICODE -> push(in.string(in.uint32()));
      case PickleOpcode.SHORT_BINUNICODE -> push(in.string(in.uint8()));
      case PickleOpcode.BINBYTES -> push(in.skip(in.uint32()));
      case PickleOpcode.SHORT_BINBYTES -> push(in.skip(in.uint8()));
      case PickleOpcode.BYTEARRAY8 -> push(in.skip(in.length64()));
      case PickleOpcode.EMPTY_SET -> push(PickleValue.OPAQUE);
      case PickleOpcode.FROZENSET -> {
        popToMark();
        push(PickleValue.OPAQUE);
      }
      case PickleOpcode.ADDITEMS -> append(popToMark(), "a set");
      case PickleOpcode.FRAME -> in.frame();
      case PickleOpcode.MEMOIZE -> put(memo.size());
      case PickleOpcode.EMPTY_DICT -> push(made(new Dict(null)));
      case PickleOpcode.EMPTY_LIST -> push(made(new ArrayList<>(0)));
      case PickleOpcode.EMPTY_TUPLE -> push(List.of());
      case PickleOpcode.TUPLE -> push(made(popToMark()));
      case PickleOpcode.TUPLE1 -> push(made(popTuple(1)));
      case PickleOpcode.TUPLE2 -> push(made(popTuple(2)));
      case PickleOpcode.TUPLE3 -> push(made(popTuple(3)));
      case PickleOpcode.APPEND -> append(popTuple(1), LIST);
      case PickleOpcode.APPENDS -> append(popToMark(), LIST);
      case PickleOpcode.SETITEM -> setItems(popTuple(2));
      case PickleOpcode.SETITEMS -> setItems(popToMark());
      case PickleOpcode.BINPUT -> put(in.uint8());
      case PickleOpcode.LONG_BINPUT -> put(in.int32());
      case PickleOpcode.BINGET -> get(in.uint8());
      case PickleOpcode.LONG_BINGET -> get(in.int32());
      case PickleOpcode.GLOBAL -> global(in.line(), in.line());
      case PickleOpcode.STACK_GLOBAL -> {
        Object name = pop();
        global(text(pop(), "a module"), text(name, "a name"));
      }
      case PickleOpcode.REDUCE -> reduce();
      case PickleOpcode.NEWOBJ -> newObject();
      case PickleOpcode.BUILD -> build();
      case PickleOpcode.BINPERSID -> storage();
      default ->
          throw wrong(
              "pickle opcode "
                  + PickleOpcode.nameOfRefused(opcode)
                  + " is not allowed; only tensors are rebuilt, save them as safetensors");
    }
  }

  private void append(List<Object> values, String needed) throws FormatException {
    if (peek() == PickleValue.OPAQUE) {
      return;
    }
    // Only lists are mutable: tuples never are ArrayLists that were pushed empty.
    if (!needed.equals(LIST) || !(peek() instanceof ArrayList<?>)) {
      throw wrong("appends to " + PickleValue.describe(peek()) + ", needs " + needed);
    }
    @SuppressWarnings("unchecked") // every ArrayList here was made by EMPTY_LIST
    List<Object> list = (ArrayList<Object>) peek();
    list.addAll(values);
  }

  private void setItems(List<Object> items) throws FormatException {
    if (peek() == PickleValue.OPAQUE) {
      return;
    }
    if (!(peek() instanceof Dict dict) || dict.className != null) {
      throw wrong("sets items of " + PickleValue.describe(peek()) + ", needs a dictionary");
    }
    if (items.size() % 2 != 0) {
      throw wrong("sets a key without a value");
    }
    for (int i = 0; i < items.size(); i += 2) {
      Object key = items.get(i);
      if (!(key instanceof String) && !(key instanceof Long)) {
        throw wrong("a key is " + PickleValue.describe(key) + ", needs a string or an integer");
      }
      if (!dict.add(key, items.get(i + 1))) {
        throw wrong("key '" + StrictJson.shortened(key.toString()) + "' is set twice");
      }
    }
  }

  private void put(int index) throws FormatException {
    Object value = peek();
    if (value == PickleValue.MARK) {
      throw wrong("keeps a mark in the memo");
    }
    if (index < 0 || index >= maxObjects) {
      throw wrong(
          "memo entry %s, at most %s are kept"
              .formatted(Integer.toUnsignedString(index), maxObjects));
    }
    memo.put(index, value);
  }

  private void get(int index) throws FormatException {
    Object value = memo.get(index);
    if (value == null) {
      throw wrong("memo entry " + Integer.toUnsignedString(index) + " was never set");
    }
    push(value);
  }

  private String text(Object value, String what) throws FormatException {
    if (value instanceof String text) {
      return text;
    }
    throw wrong(what + " is " + PickleValue.describe(value) + ", needs a string");
  }

  private void global(String module, String name) throws FormatException {
    Global global = PickleGlobals.find(module, name);
    if (global == null) {
      throw wrong(
          ("name '%s' is not allowed; only tensors are rebuilt, nothing is"
                  + " imported or run; save the tensor alone: torch.save(latents, ..)")
              .formatted(StrictJson.shortened(module + " " + name)));
    }
    push(made(global));
  }

  private void reduce() throws FormatException {
    List<?> arguments = tuple(pop(), "the arguments");
    Object callable = pop();
    if (!(callable instanceof Global global)) {
      throw wrong("calls " + PickleValue.describe(callable) + ", needs an allowed name");
    }
    push(
        switch (global.kind) {
          case REBUILD_TENSOR -> made(tensor(arguments));
          case REBUILD_PARAMETER -> {
            if (arguments.size() != 3
                || !(arguments.get(0) instanceof Tensor
                    || arguments.get(0) == PickleValue.OPAQUE)) {
              throw wrong(
                  "a parameter of "
                      + PickleValue.describe(arguments)
                      + ", needs a tensor first of 3");
            }
            yield arguments.get(0);
          }
          case ORDERED_DICT -> {
            if (!arguments.isEmpty()) {
              throw wrong("an OrderedDict with arguments, needs none");
            }
            yield made(new Dict(null));
          }
          case DEFAULT_DICT -> made(new Dict(null));
          case OPAQUE -> PickleValue.OPAQUE;
          case BUILD_LIST -> {
            if (arguments.size() != 1 || !(arguments.get(0) instanceof List<?>)) {
              throw wrong(
                  global.name + " of " + PickleValue.describe(arguments) + ", needs one list");
            }
            yield arguments.get(0);
          }
          case RESTORE_TYPE_TAG -> {
            if (arguments.size() != 2) {
              throw wrong(global.name + " with " + arguments.size() + " arguments, needs 2");
            }
            yield arguments.get(0);
          }
          case STORAGE_TYPE, MODULE_CLASS -> throw wrong("calls '" + global.name + "'");
        });
  }

  private PickleValue tensor(List<?> arguments) throws FormatException {
    if (arguments.size() != 6 && arguments.size() != 7) {
      throw wrong("a tensor of " + arguments.size() + " arguments, needs 6 or 7");
    }
    if (arguments.get(0) == PickleValue.OPAQUE) {
      return PickleValue.OPAQUE;
    }
    if (!(arguments.get(0) instanceof Storage storage)) {
      throw wrong("a tensor over " + PickleValue.describe(arguments.get(0)) + ", needs a storage");
    }
    return new Tensor(
        storage,
        wholeNumber(arguments.get(1), "storage offset"),
        wholeNumbers(arguments.get(2), "size"),
        wholeNumbers(arguments.get(3), "stride"));
  }

  private List<Long> wholeNumbers(Object value, String what) throws FormatException {
    List<Long> numbers = new ArrayList<>(4);
    for (Object n : tuple(value, what)) {
      numbers.add(wholeNumber(n, what));
    }
    return numbers;
  }

  private long wholeNumber(Object value, String what) throws FormatException {
    if (!(value instanceof Long n) || n < 0) {
      throw wrong(
          what + " is " + PickleValue.describe(value) + ", needs a whole number of at least 0");
    }
    return n;
  }

  private void newObject() throws FormatException {
    List<?> arguments = tuple(pop(), "the arguments");
    Object type = pop();
    if (type instanceof Global opaque && opaque.kind == Global.Kind.OPAQUE) {
      push(PickleValue.OPAQUE);
      return;
    }
    if (!(type instanceof Global global) || global.kind != Global.Kind.MODULE_CLASS) {
      throw wrong(
          "makes an object of " + PickleValue.describe(type) + ", needs a class of __torch__");
    }
    if (!arguments.isEmpty()) {
      throw wrong("makes a module with arguments, needs none");
    }
    push(made(new Dict(global.name)));
  }

  private void build() throws FormatException {
    Object state = pop();
    if (peek() == PickleValue.OPAQUE) {
      return;
    }
    if (!(state instanceof Dict attributes) || attributes.className != null) {
      throw wrong("builds with " + PickleValue.describe(state) + ", needs a dictionary");
    }
    if (!(peek() instanceof Dict target)) {
      throw wrong("builds " + PickleValue.describe(peek()) + ", needs a module");
    }
    // A state dict carries its own remarks (_metadata) this way; they are not weights.
    if (target.className != null && !target.build(attributes)) {
      throw wrong("builds a module twice");
    }
  }

  private void storage() throws FormatException {
    List<?> id = tuple(pop(), "a persistent id");
    boolean known =
        id.size() == 5
            && "storage".equals(id.get(0))
            && id.get(1) instanceof Global type
            && (type.kind == Global.Kind.STORAGE_TYPE || type.kind == Global.Kind.OPAQUE)
            && id.get(2) instanceof String
            && id.get(3) instanceof String
            && id.get(4) instanceof Long;
    if (!known) {
      throw wrong("a persistent id that is not ('storage', type, key, location, count)");
    }
    String key = (String) id.get(2);
    if (key.isEmpty() || key.length() > 18 || key.chars().anyMatch(c -> c < '0' || c > '9')) {
      throw wrong("storage key '" + StrictJson.shortened(key) + "', needs a decimal number");
    }
    DType dtype = ((Global) id.get(1)).dtype;
    long length = wholeNumber(id.get(4), "storage length");
    push(dtype == null ? PickleValue.OPAQUE : made(new Storage(dtype, key, length)));
  }

  private List<?> tuple(Object value, String what) throws FormatException {
    if (!(value instanceof List<?> list) || value instanceof ArrayList<?>) {
      throw wrong(what + " is " + PickleValue.describe(value) + ", needs a tuple");
    }
    return list;
  }

  private List<Object> popTuple(int n) throws FormatException {
    Object[] values = new Object[n];
    for (int i = n - 1; i >= 0; i--) {
      values[i] = pop();
    }
    return List.of(values);
  }

  private List<Object> popToMark() throws FormatException {
    int mark = stack.lastIndexOf(PickleValue.MARK);
    if (mark < 0) {
      throw wrong("needs a mark on the stack");
    }
    List<Object> top = stack.subList(mark, stack.size());
    List<Object> values = List.of(top.subList(1, top.size()).toArray());
    top.clear();
    return values;
  }

  private void push(Object value) throws FormatException {
    if (stack.size() >= maxObjects) {
      throw wrong("more than " + maxObjects + " values on the stack");
    }
    stack.add(value);
  }

  private <T> T made(T value) throws FormatException {
    if (++objects > maxObjects) {
      throw wrong("more than " + maxObjects + " objects");
    }
    return value;
  }

  private Object pop() throws FormatException {
    Object top = peek();
    if (top == PickleValue.MARK) {
      throw wrong("a mark where a value is needed");
    }
    stack.remove(stack.size() - 1);
    return top;
  }

  private Object peek() throws FormatException {
    if (stack.isEmpty()) {
      throw wrong("needs a value on an empty stack");
    }
    return stack.get(stack.size() - 1);
  }

  private FormatException wrong(String reason) {
    return in.wrong(reason);
  }
}
