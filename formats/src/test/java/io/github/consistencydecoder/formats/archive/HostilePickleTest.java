package io.github.consistencydecoder.formats.archive;

import static io.github.consistencydecoder.formats.archive.Pickle.bare;
import static io.github.consistencydecoder.formats.archive.Pickle.dictOfW;
import static io.github.consistencydecoder.formats.archive.Pickle.pickle;
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
    "torch.storage, TypedStorage",
    "torch, UntypedStorage",
    "torch, float32x",
    "numpy, load",
    "numpy.core.multiarray, fromstring",
    "builtins, __import__",
    "_codecs, lookup",
    "copyreg, _reconstructor",
    "collections, namedtuple",
    "pathlib, os",
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
    Pickle stacked = pickle().string(module).string(name);
    int stackedAt = stacked.at();
    refused(
        stacked.op(0x93).string("touch owned").op(0x85, 'R', '.'),
        stackedAt,
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
    "0x92, NEWOBJ_EX",
    "0x97, NEXT_BUFFER",
    "0xff, unknown",
  })
  void anOpcodeThatIsNotOnTheListIsRefusedByName(String code, String name) throws IOException {
    refused(
        pickle().op(Integer.decode(code)).end(),
        2,
        "pickle opcode " + name + " (" + code + ") is not allowed");
  }

  private static Pickle assembled(String code) {
    Pickle pickle = pickle();
    for (String token : code.split(" ", -1)) {
      if (token.startsWith("'")) {
        pickle.string(token.substring(1));
      } else if (token.contains("/")) {
        pickle.global(token.substring(0, token.indexOf('/')), token.replaceAll(".*/", ""));
      } else {
        pickle.op(token.length() > 1 ? Integer.decode(token) : token.charAt(0));
      }
    }
    return pickle;
  }

  /** The pickle behind its protocol number: bytes, {@code 'string}, {@code module/name}. */
  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          a pickle that does not stop is refused | N | 3 | ends inside an instruction
          a pickle cut inside an instruction is refused | J 0x1 0x2 | 2 | ends inside an instruction
          bytes after the stop are refused | N . N | 3 | 1 bytes follow the end of the pickle
          values left on the stack are refused | N N . | 4 | ends with 2 values on its stack
          an empty stack is refused | . | 2 | needs a value on an empty stack
          a string of two gigabytes is refused | X 0xff 0xff 0xff 0x7f a . | 2 | a string of 2147483647 bytes, 2 are
          a string of negative length is refused | X 0xff 0xff 0xff 0xff . | 2 | a string of 4294967295 bytes, 1 are
          a string that is not utf8 is refused | X 0x1 0x0 0x0 0x0 0xff . | 2 | a string that is not UTF-8
          an integer of ten bytes is refused | 0x8a 0xa 0x1 0x2 0x3 0x4 0x5 0x6 0x7 0x8 0x9 0xa . | 2 | an integer of 10 bytes
          a bytes object beyond the end is refused | C 0x9 . | 2 | a bytes object of 9 bytes, 1 are left
          a bytearray above2 to63 is refused | 0x96 0x0 0x0 0x0 0x0 0x0 0x0 0x0 0x80 . | 2 | a bytes object of 9223372036854775807 bytes, 1 are
          a frame beyond the end is refused | 0x95 0x9 0x0 0x0 0x0 0x0 0x0 0x0 0x0 . | 2 | a frame of 9 bytes, 1 are left
          a name that is no string is refused | 'os K 0x1 0x93 . | 11 | a name is 1, needs a string
          a module that is no string is refused | K 0x1 'system 0x93 . | 15 | a module is 1, needs a string
          adding to a list as to a set is refused | ] ( 0x90 . | 4 | appends to a list of 0, needs a set
          a memo entry that was never set is refused | h 0x7 . | 2 | memo entry 7 was never set
          a memo entry far out is refused | N r 0x0 0x0 0x0 0x70 . | 3 | memo entry 1879048192, at most 1000000
          a memo entry above2 to31 is refused | N r 0x0 0x0 0x0 0x80 . | 3 | memo entry 2147483648, at most
          a mark in the memo is refused | ( q 0x0 . | 3 | keeps a mark in the memo
          a mark as a value is refused | ( 0x85 . | 3 | a mark where a value is needed
          a tuple without a mark is refused | N t . | 3 | needs a mark on the stack
          items of a list are refused | ] N N s . | 5 | sets items of a list of 0
          items of a module are refused | __torch__/M ) 0x81 N N s . | 19 | sets items of a module
          a key without a value is refused | } ( N u . | 5 | sets a key without a value
          a key that is a tuple is refused | } ) N s . | 5 | a key is a tuple of 0
          a key set twice is refused | } 'w N s 'w N s . | 18 | key 'w' is set twice
          appending to a tuple is refused | N 0x85 N a . | 5 | appends to a tuple of 1
          calling what is no name is refused | 'os.system ) R . | 17 | calls the string 'os.system'
          calling a storage type is refused | torch/FloatStorage ) R . | 23 | calls 'torch FloatStorage'
          calling a module class is refused | __torch__/M ) R . | 16 | calls '__torch__ M'
          arguments that are no tuple are refused | collections/OrderedDict ] R . | 28 | the arguments is a list of 0, needs a tuple
          an ordered dict with arguments is refused | collections/OrderedDict N 0x85 R . | 29 | an OrderedDict with arguments
          a parameter of something else is refused | torch._utils/_rebuild_parameter N 0x88 N 0x87 R . | 39 | a parameter of a tuple of 3, needs a tensor first
          a list built from two arguments is refused | torch.jit._pickle/build_intlist ] ] 0x86 R . | 38 | build_intlist of a tuple of 2, needs one list
          a type tag with one argument is refused | torch.jit._pickle/restore_type_tag ] 0x85 R . | 40 | restore_type_tag with 1 arguments, needs 2
          a tensor of too few arguments is refused | torch._utils/_rebuild_tensor_v2 ) R . | 36 | a tensor of 0 arguments, needs 6 or 7
          a tensor without a storage is refused | torch._utils/_rebuild_tensor_v2 ( N N N N N N t R . | 43 | a tensor over None, needs a storage
          an object of a function is refused | collections/OrderedDict ) 0x81 . | 28 | makes an object of the name 'collections OrderedDict'
          a module made with arguments is refused | __torch__/M N 0x85 0x81 . | 17 | makes a module with arguments
          a state that is no dictionary is refused | __torch__/M ) 0x81 'x b . | 23 | builds with the string 'x', needs a dictionary
          building something that is no module is refused | N } b . | 4 | builds None, needs a module
          a module built twice is refused | __torch__/M ) 0x81 } b } b . | 20 | builds a module twice
          a persistent id of another form is refused | 'module 0x85 Q . | 14 | not ('storage', type, key,
          """)
  void oneRuleEach(String rule, String code, int at, String reason) throws IOException {
    refused(assembled(code), at, reason);
  }

  @Test
  void aPickleWithoutProtocolIsRefused() throws IOException {
    refused(bare().op('N').end(), 0, "a pickle without a protocol number");
  }

  @Test
  void anotherProtocolIsRefused() throws IOException {
    refused(bare().op(0x80, 1, 'N').end(), 0, "pickle protocol 1");
    refused(bare().op(0x80, 6, 'N').end(), 0, "pickle protocol 6");
  }

  @Test
  void anEndlessNameIsRefused() throws IOException {
    refused(pickle().op('c').raw("x".repeat(5000)), 2, "a name longer than 1024 bytes");
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
