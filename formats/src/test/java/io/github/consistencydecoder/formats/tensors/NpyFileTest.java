package io.github.consistencydecoder.formats.tensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.formats.checkpoint.Refusals;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Right files, and one hostile file a rule; docs/hostile-files.md lists them. */
public class NpyFileTest {
  @TempDir Path folder;

  private static byte[] npy(int major, String header, byte... data) {
    byte[] text = header.getBytes(StandardCharsets.ISO_8859_1);
    ByteBuffer start = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
    start.put(NpyHeader.MAGIC).put((byte) major).put((byte) 0);
    if (major == 1) {
      start.putShort((short) text.length);
    } else {
      start.putInt(text.length);
    }
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.write(start.array(), 0, start.position());
    all.writeBytes(text);
    all.writeBytes(data);
    return all.toByteArray();
  }

  private static String header(String descr, String order, String shape) {
    return "{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
  }

  private Path write(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("a.npy"), bytes);
  }

  private void refused(byte[] bytes, long offset, String reason) throws IOException {
    Refusals.assertRefused(write(bytes), Refusals::open, offset, reason);
  }

  private static TensorInfo header(Path file) throws IOException {
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      return checkpoint.tensor(Checkpoint.UNNAMED);
    }
  }

  private static float[] values(Path file) throws IOException {
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      return checkpoint.floats(checkpoint.tensor(Checkpoint.UNNAMED));
    }
  }

  @Test
  void whatIsWrittenIsReadBack() throws IOException {
    Path file = folder.resolve("a.npy");
    float[] values = new float[4 * 50 * 400];
    for (int i = 0; i < values.length; i++) {
      values[i] = i * 0.5f;
    }
    NpyFile.write(file, List.of(1L, 4L, 50L, 400L), values);
    TensorInfo array = header(file);
    assertThat(array.dtype()).isEqualTo(DType.F32);
    assertThat(array.shape()).containsExactly(1L, 4L, 50L, 400L);
    assertThat(Arrays.equals(values(file), values)).isTrue();
  }

  @Test
  void theBytesWrittenAreThoseOfNumpy() throws IOException {
    Path file = folder.resolve("a.npy");
    NpyFile.write(file, List.of(2L), new float[] {1, 2});
    byte[] bytes = Files.readAllBytes(file);
    String start = new String(bytes, 10, 54, StandardCharsets.US_ASCII);
    assertThat(bytes).hasSize(128 + 8).startsWith(0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 118, 0);
    assertThat(start).isEqualTo("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)");
    assertThat(bytes[127]).isEqualTo((byte) '\n');
  }

  @Test
  void everyElementTypeAndVersionIsRead() throws IOException {
    byte[] half =
        npy(1, header("'<f2'", "False", "(2,)"), (byte) 0, (byte) 0x3c, (byte) 0, (byte) 0xc0);
    assertThat(values(write(half))).containsExactly(1, -2);
    byte[] twice =
        npy(
            2,
            header("\"<f8\"", "False", "()"),
            (byte) 0,
            (byte) 0,
            (byte) 0,
            (byte) 0,
            (byte) 0,
            (byte) 0,
            (byte) 0xf8,
            (byte) 0x3f);
    assertThat(values(write(twice))).containsExactly(1.5f);
    byte[] bytes =
        npy(3, "{'shape':(1, 2),'descr':'|u1','fortran_order':False}   \n", (byte) 7, (byte) -1);
    TensorInfo array = header(write(bytes));
    assertThat(array.dtype()).isEqualTo(DType.U8);
    assertThat(array.shape()).containsExactly(1L, 2L);
    byte[] none = npy(1, header("'<f4'", "False", "(3, 0)"));
    assertThat(values(write(none))).isEmpty();
  }

  /** Element type, order and shape; where it is told what is wrong, and in which words. */
  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          python objects are refused by name | `'|O'` | False | (1,) | 10 | Python objects, these are pickles
          big endian is refused by name | '>f4' | False | (0,) | 10 | big-endian
          another element type is refused | '<c8' | False | (0,) | 10 | elements '<c8', needs one of
          a structured type is refused | [('a', '<f4')] | False | (0,) | 20 | a structured element type
          fortran order is refused | '<f4' | True | (0,) | 10 | Fortran order
          an order that is no truth value is refused | '<f4' | 1 | (0,) | 10 | fortran_order is 1
          code in the header is refused unread | __import__('os').system('id') | False | (0,) | 20 | needs a string in quotes here
          an expression in the shape is refused | '<f4' | False | (10**9,) | 63 | 'shape' needs ',' or ')'
          a negative dimension is refused | '<f4' | False | (-1,) | 61 | whole numbers of at least 0
          six dimensions are refused | '<f4' | False | (1,1,1,1,1,1) | 71 | more than 5 dimensions
          a product that overflows is refused | '<f4' | False | (4294967296, 4294967296) | -1 | overflows 63 bits
          a bracketed number is no tuple | '<f4' | False | (4) | 63 | needs a comma to be a tuple
          """)
  void oneRuleOfAnArrayEach(
      String rule, String type, String order, String shape, long offset, String reason)
      throws IOException {
    refused(npy(1, header(type, order, shape)), offset, reason);
  }

  /** The dictionary of the header. */
  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          a missing key is refused | {'descr': '<f4', 'shape': ()} | 10 | no 'fortran_order'
          an unknown key is refused | {'x': '<f4'} | 11 | unknown key 'x'
          a duplicate key is refused | {'descr': '<f4', 'descr': '<f2'} | 27 | duplicate key 'descr'
          text after the dictionary is refused | {'descr': '<f4', 'fortran_order': False, 'shape': ()} or 1 | 64 | only spaces and a newline
          """)
  void oneRuleOfTheDictionaryEach(String rule, String dictionary, long offset, String reason)
      throws IOException {
    refused(npy(1, dictionary + "\n"), offset, reason);
  }

  @Test
  void aForeignMagicIsRefused() throws IOException {
    refused("\u0093NUMPX\1\0".getBytes(StandardCharsets.ISO_8859_1), 5, "not an .npy file");
  }

  @Test
  void aFileCutInThePrefixIsRefused() throws IOException {
    refused("\u0093NUMPY\1\0\1".getBytes(StandardCharsets.ISO_8859_1), 9, "ends inside the prefix");
    refused(
        "\u0093NUMPY\2\0\1\0".getBytes(StandardCharsets.ISO_8859_1), 10, "ends inside the prefix");
  }

  @Test
  void anUnknownVersionIsRefused() throws IOException {
    refused(npy(4, header("'<f4'", "False", "()")), 6, "version 4.0");
  }

  @Test
  void aHeaderLongerThanTheLimitIsRefused() throws IOException {
    byte[] bytes = npy(2, header("'<f4'", "False", "()"));
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(8, -1);
    refused(bytes, 8, "a header of 4294967295 bytes declared");
  }

  @Test
  void aHeaderBeyondTheEndIsRefused() throws IOException {
    byte[] bytes = npy(1, "{");
    bytes[8] = 90;
    refused(bytes, 8, "a header of 90 bytes declared, 1 follow");
  }

  @Test
  void anEndlessNumberIsRefused() throws IOException {
    refused(
        npy(1, header("'<f4'", "False", "(" + "9".repeat(5000) + ",)")),
        61,
        "a dimension of 5000 digits");
  }

  @Test
  void aBillionElementsInNoBytesAreRefused() throws IOException {
    byte[] bytes = npy(1, header("'<f4'", "False", "(1000000000,)"));
    refused(bytes, bytes.length, "0 bytes of values, shape [1000000000] of F32 needs 4000000000");
  }

  @Test
  void bytesAfterTheValuesAreRefused() throws IOException {
    byte[] bytes = npy(1, header("'<f4'", "False", "(0,)"), (byte) 1);
    refused(bytes, bytes.length - 1, "1 bytes of values");
  }

  @Test
  void aFailedWriteLeavesNothing() throws IOException {
    Path missing = folder.resolve("nowhere").resolve("a.npy");
    assertThatThrownBy(() -> NpyFile.write(missing, List.of(1L), new float[1]))
        .isInstanceOf(IOException.class);
    assertThat(folder).isEmptyDirectory();
  }
}
