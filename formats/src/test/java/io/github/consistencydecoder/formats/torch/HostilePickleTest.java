package io.github.consistencydecoder.formats.torch;

import static io.github.consistencydecoder.formats.torch.Pickle.bare;
import static io.github.consistencydecoder.formats.torch.Pickle.dictOfW;
import static io.github.consistencydecoder.formats.torch.Pickle.pickle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.formats.checkpoint.Refusals;
import io.github.consistencydecoder.formats.io.FormatException;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One hostile pickle a rule of {@link RestrictedPickle}; docs/hostile-files.md lists them. */
public class HostilePickleTest {
  @TempDir Path folder;

  private void refused(Pickle pickle, int at, String reason) throws IOException {
    ArchiveFile file = ArchiveFile.torch(pickle);
    Refusals.assertRefused(
        file.writeTo(folder.resolve("m.pt")), Refusals::open, file.dataAt(0) + at, reason);
  }

  @ParameterizedTest
  @CsvSource({
    "os, system",
    "posix, system",
    "nt, system",
    "subprocess, Popen",
    "builtins, eval",
    "builtins, exec",
    "builtins, getattr",
    "__builtin__, apply",
    "importlib, import_module",
    "runpy, run_path",
    "torch, load",
    "torch.hub, load",
    "torch.jit, load",
    "torch._utils, _rebuild_tensor",
    "torch.storage, UntypedStorage",
    "torch, UntypedStorage",
    "torch, float32",
    "numpy.core.multiarray, _reconstruct",
    "numpy, dtype",
    "copyreg, _reconstructor",
    "collections, defaultdict",
    "__torch__x, Y",
    "java.lang.Runtime, exec",
    "java.lang.ProcessBuilder, start",
    "javax.naming.InitialContext, lookup",
  })
  void aNameThatIsNotOnTheListIsRefusedByName(String module, String name) throws IOException {
    Pickle start = pickle();
    int at = start.at();
    refused(
        start.global(module, name).string("touch owned").op(0x85, 'R', '.'),
        at,
        "name '" + module + " " + name + "' is not allowed");
  }

  /** Sets a property if anything ever makes the virtual machine initialise it. */
  static final class Tripwire {
    static final String PROPERTY = "consistencydecoder.test.tripwire";

    static {
      System.setProperty(PROPERTY, "tripped");
    }

    private Tripwire() {}
  }

  @Test
  void aNameOfAClassOnOurOwnClassPathIsRefusedWithoutLoadingIt() throws IOException {
    String name = HostilePickleTest.class.getName() + "$Tripwire";
    refused(
        pickle().global(name, "<init>").op(')', 'R', '.'), 2, "Tripwire <init>' is not allowed");
    refused(
        pickle().global("__torch__", name).op(')', 'R', '.'),
        2 + "c__torch__\n\n)".length() + name.length(),
        "calls '__torch__ " + HostilePickleTest.class.getName());
    assertThat(System.getProperty("consistencydecoder.test.tripwire")).isNull();
  }

  @Test
  void aModuleWhoseClassIsNamedAfterOursStaysData() throws IOException {
    String name = HostilePickleTest.class.getName() + "$Tripwire";
    Pickle module =
        pickle()
            .global("__torch__", name)
            .op(')', 0x81, '}')
            .string("w")
            .tensor()
            .op('s', 'b', '.');
    Path file = ArchiveFile.torch(module).writeTo(folder.resolve("m.pt"));
    try (Checkpoint c = Checkpoints.open(file)) {
      assertThat(c.tensors().keySet()).containsExactly("w");
    }
    assertThat(System.getProperty("consistencydecoder.test.tripwire")).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "0x69, INST",
    "0x6f, OBJ",
    "0x50, PERSID",
    "0x49, INT",
    "0x56, UNICODE",
    "0x30, POP",
    "0x32, DUP",
    "0x82, EXT1",
    "0x8b, LONG4",
    "0x8c, SHORT_BINUNICODE",
    "0x92, NEWOBJ_EX",
    "0x93, STACK_GLOBAL",
    "0x95, FRAME",
    "0x97, NEXT_BUFFER",
    "0xff, unknown",
  })
  void anOpcodeThatIsNotOnTheListIsRefusedByName(String code, String name) throws IOException {
    refused(
        pickle().op(Integer.decode(code)).end(),
        2,
        "pickle opcode " + name + " (" + code + ") is not allowed");
  }

  @Test
  void aPickleWithoutProtocolIsRefused() throws IOException {
    refused(bare().op('N').end(), 0, "a pickle without a protocol number");
  }

  @Test
  void anotherProtocolIsRefused() throws IOException {
    refused(bare().op(0x80, 4, 'N').end(), 0, "pickle protocol 4");
  }

  @Test
  void aPickleThatDoesNotStopIsRefused() throws IOException {
    refused(pickle().op('N'), 3, "ends inside an instruction");
  }

  @Test
  void aPickleCutInsideAnInstructionIsRefused() throws IOException {
    refused(pickle().op('J', 1, 2), 2, "ends inside an instruction");
  }

  @Test
  void bytesAfterTheStopAreRefused() throws IOException {
    refused(pickle().op('N').end().op('N'), 3, "1 bytes follow the end of the pickle");
  }

  @Test
  void valuesLeftOnTheStackAreRefused() throws IOException {
    refused(pickle().op('N', 'N').end(), 4, "ends with 2 values on its stack");
  }

  @Test
  void anEmptyStackIsRefused() throws IOException {
    refused(pickle().end(), 2, "needs a value on an empty stack");
  }

  @Test
  void aStringOfTwoGigabytesIsRefused() throws IOException {
    refused(
        pickle().op('X', 0xff, 0xff, 0xff, 0x7f, 'a').end(),
        2,
        "a string of 2147483647 bytes, 2 are");
  }

  @Test
  void aStringOfNegativeLengthIsRefused() throws IOException {
    refused(
        pickle().op('X', 0xff, 0xff, 0xff, 0xff).end(), 2, "a string of 4294967295 bytes, 1 are");
  }

  @Test
  void aStringThatIsNotUtf8IsRefused() throws IOException {
    refused(pickle().op('X', 1, 0, 0, 0, 0xff).end(), 2, "a string that is not UTF-8");
  }

  @Test
  void anIntegerOfNineBytesIsRefused() throws IOException {
    refused(pickle().op(0x8a, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9).end(), 2, "an integer of 9 bytes");
  }

  @Test
  void anEndlessNameIsRefused() throws IOException {
    refused(pickle().op('c').raw("x".repeat(5000)), 2, "a name longer than 1024 bytes");
  }

  @Test
  void aMemoEntryThatWasNeverSetIsRefused() throws IOException {
    refused(pickle().op('h', 7).end(), 2, "memo entry 7 was never set");
  }

  @Test
  void aMemoEntryFarOutIsRefused() throws IOException {
    refused(
        pickle().op('N', 'r', 0, 0, 0, 0x70).end(), 3, "memo entry 1879048192, at most 1000000");
  }

  @Test
  void aMemoEntryAbove2To31IsRefused() throws IOException {
    refused(pickle().op('N', 'r', 0, 0, 0, 0x80).end(), 3, "memo entry 2147483648, at most");
  }

  @Test
  void aMarkInTheMemoIsRefused() throws IOException {
    refused(pickle().op('(', 'q', 0).end(), 3, "keeps a mark in the memo");
  }

  @Test
  void aMarkAsAValueIsRefused() throws IOException {
    refused(pickle().op('(', 0x85).end(), 3, "a mark where a value is needed");
  }

  @Test
  void aTupleWithoutAMarkIsRefused() throws IOException {
    refused(pickle().op('N', 't').end(), 3, "needs a mark on the stack");
  }

  @Test
  void itemsOfAListAreRefused() throws IOException {
    refused(pickle().op(']', 'N', 'N', 's').end(), 5, "sets items of a list of 0");
  }

  @Test
  void itemsOfAModuleAreRefused() throws IOException {
    refused(
        pickle().global("__torch__", "M").op(')', 0x81, 'N', 'N', 's').end(),
        19,
        "sets items of a module");
  }

  @Test
  void aKeyWithoutAValueIsRefused() throws IOException {
    refused(pickle().op('}', '(', 'N', 'u').end(), 5, "sets a key without a value");
  }

  @Test
  void aKeyThatIsATupleIsRefused() throws IOException {
    refused(pickle().op('}', ')', 'N', 's').end(), 5, "a key is a tuple of 0");
  }

  @Test
  void aKeySetTwiceIsRefused() throws IOException {
    refused(
        pickle().op('}').string("w").op('N', 's').string("w").op('N', 's').end(),
        18,
        "key 'w' is set twice");
  }

  @Test
  void appendingToATupleIsRefused() throws IOException {
    refused(pickle().op('N', 0x85, 'N', 'a').end(), 5, "appends to a tuple of 1");
  }

  @Test
  void callingWhatIsNoNameIsRefused() throws IOException {
    refused(pickle().string("os.system").op(')', 'R').end(), 17, "calls the string 'os.system'");
  }

  @Test
  void callingAStorageTypeIsRefused() throws IOException {
    refused(
        pickle().global("torch", "FloatStorage").op(')', 'R').end(),
        23,
        "calls 'torch FloatStorage'");
  }

  @Test
  void callingAModuleClassIsRefused() throws IOException {
    refused(pickle().global("__torch__", "M").op(')', 'R').end(), 16, "calls '__torch__ M'");
  }

  @Test
  void argumentsThatAreNoTupleAreRefused() throws IOException {
    refused(
        pickle().global("collections", "OrderedDict").op(']', 'R').end(),
        28,
        "the arguments is a list of 0, needs a tuple");
  }

  @Test
  void anOrderedDictWithArgumentsIsRefused() throws IOException {
    refused(
        pickle().global("collections", "OrderedDict").op('N', 0x85, 'R').end(),
        29,
        "an OrderedDict with arguments");
  }

  @Test
  void aParameterOfSomethingElseIsRefused() throws IOException {
    refused(
        pickle().global("torch._utils", "_rebuild_parameter").op('N', 0x88, 'N', 0x87, 'R').end(),
        39,
        "a parameter of a tuple of 3, needs a tensor first");
  }

  @Test
  void aListBuiltFromTwoArgumentsIsRefused() throws IOException {
    refused(
        pickle().global("torch.jit._pickle", "build_intlist").op(']', ']', 0x86, 'R').end(),
        38,
        "build_intlist of a tuple of 2, needs one list");
  }

  @Test
  void aTypeTagWithOneArgumentIsRefused() throws IOException {
    refused(
        pickle().global("torch.jit._pickle", "restore_type_tag").op(']', 0x85, 'R').end(),
        40,
        "restore_type_tag with 1 arguments, needs 2");
  }

  @Test
  void aTensorOfTooFewArgumentsIsRefused() throws IOException {
    refused(
        pickle().global("torch._utils", "_rebuild_tensor_v2").op(')', 'R').end(),
        36,
        "a tensor of 0 arguments, needs 6 or 7");
  }

  @Test
  void aTensorWithoutAStorageIsRefused() throws IOException {
    refused(
        pickle()
            .global("torch._utils", "_rebuild_tensor_v2")
            .op('(', 'N', 'N', 'N', 'N', 'N', 'N', 't', 'R')
            .end(),
        43,
        "a tensor over None, needs a storage");
  }

  @Test
  void aNegativeStorageOffsetIsRefused() throws IOException {
    Pickle file = dictOfW().tensor("FloatStorage", "0", 4, -1, new long[] {1}, new long[] {1});
    refused(file.op('s').end(), file.at() - 3, "storage offset is -1");
  }

  @Test
  void aNegativeSizeIsRefused() throws IOException {
    Pickle file = dictOfW().tensor("FloatStorage", "0", 4, 0, new long[] {-4}, new long[] {1});
    refused(file.op('s').end(), file.at() - 3, "size is -4");
  }

  @Test
  void aNegativeStrideIsRefused() throws IOException {
    Pickle file = dictOfW().tensor("FloatStorage", "0", 4, 3, new long[] {4}, new long[] {-1});
    refused(file.op('s').end(), file.at() - 3, "stride is -1");
  }

  @Test
  void anObjectOfAFunctionIsRefused() throws IOException {
    refused(
        pickle().global("collections", "OrderedDict").op(')', 0x81).end(),
        28,
        "makes an object of the name 'collections OrderedDict'");
  }

  @Test
  void aModuleMadeWithArgumentsIsRefused() throws IOException {
    refused(
        pickle().global("__torch__", "M").op('N', 0x85, 0x81).end(),
        17,
        "makes a module with arguments");
  }

  @Test
  void aStateThatIsNoDictionaryIsRefused() throws IOException {
    refused(
        pickle().global("__torch__", "M").op(')', 0x81).string("x").op('b').end(),
        23,
        "builds with the string 'x', needs a dictionary");
  }

  @Test
  void buildingSomethingThatIsNoModuleIsRefused() throws IOException {
    refused(pickle().op('N', '}', 'b').end(), 4, "builds None, needs a module");
  }

  @Test
  void aModuleBuiltTwiceIsRefused() throws IOException {
    refused(
        pickle().global("__torch__", "M").op(')', 0x81, '}', 'b', '}', 'b').end(),
        20,
        "builds a module twice");
  }

  @Test
  void aPersistentIdOfAnotherFormIsRefused() throws IOException {
    refused(pickle().string("module").op(0x85, 'Q').end(), 14, "not ('storage', type, key,");
  }

  @Test
  void aPersistentIdWithAFunctionForATypeIsRefused() throws IOException {
    Pickle file =
        pickle().op('(').string("storage").global("collections", "OrderedDict").string("0");
    refused(
        file.string("cpu").number(4).op('t', 'Q').end(),
        file.at() - 2,
        "a persistent id that is not ('storage', type, key, location, count)");
  }

  @Test
  void aStorageKeyThatIsAPathIsRefused() throws IOException {
    Pickle file = pickle().storage("FloatStorage", "../../x", 4);
    refused(file.end(), file.at() - 2, "storage key '../../x', needs a decimal number");
  }

  @Test
  void aStorageOfNegativeLengthIsRefused() throws IOException {
    Pickle file = pickle().storage("FloatStorage", "0", -4);
    refused(file.end(), file.at() - 2, "storage length is -4");
  }

  @Test
  void moreObjectsThanTheLimitAreRefused() throws IOException {
    int[] dictionaries = new int[1_000_001];
    java.util.Arrays.fill(dictionaries, '}');
    Path file = ArchiveFile.torch(pickle().op(dictionaries).end()).writeTo(folder.resolve("m.pt"));
    assertThatThrownBy(() -> Refusals.open(file))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("more than 1000000");
  }

  @Test
  void moreValuesOnTheStackThanTheLimitAreRefused() throws IOException {
    int[] nones = new int[1_000_001];
    java.util.Arrays.fill(nones, 'N');
    Path file = ArchiveFile.torch(pickle().op(nones).end()).writeTo(folder.resolve("m.pt"));
    assertThatThrownBy(() -> Refusals.open(file))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("more than 1000000 values on the stack");
  }
}
