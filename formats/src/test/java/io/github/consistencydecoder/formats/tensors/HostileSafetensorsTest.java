package io.github.consistencydecoder.formats.tensors;

import static io.github.consistencydecoder.testing.SafetensorsFile.safetensors;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.formats.checkpoint.Refusals;
import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.testing.SafetensorsFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One hostile file a rule of {@link SafetensorsHeader}; docs/hostile-files.md lists them. */
public class HostileSafetensorsTest {
  @TempDir Path folder;

  private void refused(SafetensorsFile file, long offset, String reason) throws IOException {
    Refusals.assertRefused(
        file.writeTo(folder.resolve("m.safetensors")), Refusals::open, offset, reason);
  }

  /** The header, where it is told what is wrong, and in which words. */
  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          a header that does not start with a brace is refused | ` {}` | 8 | starts with byte 32, needs '{'
          broken json is refused | {"a" 1} | 13 | not valid JSON
          a trailing comma is refused | {"__metadata__":{},} | 27 | not valid JSON
          more than one object is refused | {} {} | 11 | more follows the end of the header
          a duplicate key in a tensor is refused | {"a":{"dtype":"U8","dtype":"F32"}} | 34 | duplicate key "dtype"
          a duplicate key in the metadata is refused | {"__metadata__":{"k":"1","k":"2"}} | 36 | duplicate key "k"
          metadata that is no object is refused | {"__metadata__":[]} | 24 | __metadata__ is an array
          metadata of a number is refused | {"__metadata__":{"k":1}} | 29 | maps 'k' to 1, needs a string
          a tensor that is no object is refused | {"a":7} | 13 | tensor 'a' at byte 13: the value is 7
          a tensor without shape is refused | {"a":{"dtype":"F32","data_offsets":[0,0]}} | 48 | shape is missing
          an unknown key in a tensor is refused | {"a":{"dtype":"F32","stride":[1]}} | 28 | unknown key 'stride'
          three offsets are refused | {"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,1]}} | 59 | data_offsets has more than 2 numbers
          one offset is refused | {"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}} | 57 | data_offsets has 1 numbers, needs 2
          """)
  void oneRuleOfTheHeaderEach(String rule, String header, long offset, String reason)
      throws IOException {
    refused(safetensors().header(header), offset, reason);
  }

  /**
   * Tensors, bytes of data, where it is told what is wrong (from the data on after a plus), words.
   */
  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          a duplicate tensor is refused | a U8 [0] 0 0; a U8 [0] 0 0 | 0 | 64 | duplicate key "a"
          a duplicate tensor spelled with an escape is refused | a U8 [0] 0 0; \\u0061 U8 [0] 0 0 | 0 | 69 | duplicate key "a"
          an unknown dtype is refused | a F33 [4] 0 4 | 0 | 22 | dtype 'F33' is not supported
          a negative dimension is refused | a F32 [-4] 0 0 | 0 | 37 | shape is -4
          a fractional dimension is refused | a F32 [1.0] 0 4 | 0 | 37 | shape is 1.0
          a dimension above2 to63 is refused | a F32 [9223372036854775808] 0 4 | 0 | 37 | needs a number below 2^63
          too many dimensions are refused | a F32 [1,1,1,1,1,1,1,1,1] 0 4 | 0 | 53 | shape has more than 8 numbers
          a product that overflows is refused | a F32 [4294967296,4294967296] 0 0 | 0 | 80 | shape [4294967296, 4294967296] of F32 overflows 63 bits
          an overflow hidden by a zero is refused | a F32 [4294967296,4294967296,0] 0 0 | 0 | 82 | overflows 63 bits
          a billion elements in no bytes are refused | a F32 [1000000000] 0 4 | 4 | +0 | 4 bytes declared, shape [1000000000] of F32 needs 4000000000
          a billion elements beyond the end are refused | a F32 [1000000000] 0 4000000000 | 4 | +4 | the data area has 4 bytes
          offsets that end before they begin are refused | a U8 [4] 4 0 | 4 | 59 | end at 0 before they begin
          overlapping tensors are refused | a U8 [4] 0 4; b U8 [4] 2 6 | 6 | +2 | tensor 'b'
          overlapping tensors are refused | a U8 [4] 0 4; b U8 [4] 2 6 | 6 | +2 | overlaps the tensor before it by 2 bytes
          two tensors over the same bytes are refused | a U8 [4] 0 4; b U8 [4] 0 4 | 4 | +0 | overlaps the tensor before it by 4 bytes
          a hole between tensors is refused | a U8 [4] 0 4; b U8 [4] 6 10 | 10 | +6 | a hole of 2 bytes before it
          a hole before the first tensor is refused | a U8 [4] 1 5 | 5 | +1 | a hole of 1 bytes before it
          bytes after the last tensor are refused | a U8 [4] 0 4 | 7 | +4 | 3 bytes follow the last tensor
          """)
  void oneRuleOfTheTensorsEach(
      String rule, String tensors, long bytes, String offset, String reason) throws IOException {
    SafetensorsFile file = safetensors().data(bytes);
    for (String tensor : tensors.split("; ", -1)) {
      String[] parts = tensor.split(" ", -1);
      file.tensor(parts[0], parts[1], parts[2], Long.parseLong(parts[3]), Long.parseLong(parts[4]));
    }
    long from = offset.startsWith("+") ? file.dataStart() : 0;
    refused(file, from + Long.parseLong(offset), reason);
  }

  @Test
  void anEmptyFileIsRefused() throws IOException {
    Path file = Files.createFile(folder.resolve("m.safetensors"));
    Refusals.assertRefused(file, Refusals::open, -1, "the file is empty");
  }

  @Test
  void aFileShorterThanThePrefixIsRefused() throws IOException {
    Path file = Files.write(folder.resolve("m.safetensors"), new byte[] {16, 0, 0, 0, 0});
    Refusals.assertRefused(file, Refusals::open, 0, "the file has 5 bytes");
  }

  @Test
  void aHeaderLongerThanTheLimitIsRefused() throws IOException {
    refused(
        safetensors().declareLength(100_000_001).data(4),
        0,
        "a header of 100000001 bytes declared, at most 100000000");
  }

  @Test
  void aHeaderLengthAbove2To63IsRefused() throws IOException {
    refused(safetensors().declareLength(-1), 0, "a header of 18446744073709551615 bytes declared");
  }

  @Test
  void aHeaderOfNoBytesIsRefused() throws IOException {
    refused(safetensors().declareLength(0), 0, "a header of 0 bytes declared");
  }

  @Test
  void aHeaderThatReachesBeyondTheFileIsRefused() throws IOException {
    refused(safetensors().declareLength(99_000_000).data(8), 0, "but the file ends 10 bytes after");
  }

  @Test
  void aHeaderPaddedWithAnythingButSpacesIsRefused() throws IOException {
    refused(safetensors().header("{}\n"), 10, "ends with byte 10, needs '}'");
  }

  @Test
  void aHeaderThatIsNotUtf8IsRefused() throws IOException {
    byte[] json = "{\"é\":1}".getBytes(StandardCharsets.ISO_8859_1);
    refused(safetensors().header(json), 10, "not UTF-8");
  }

  @Test
  void overlongUtf8IsRefused() throws IOException {
    byte[] json = {'{', '"', (byte) 0xc1, (byte) 0xa1, '"', ':', '1', '}'};
    refused(safetensors().header(json), 10, "not UTF-8");
  }

  @Test
  void utf16InDisguiseIsRefused() throws IOException {
    refused(
        safetensors().header("{\0\"\0a\0\"\0:\0 1}".getBytes(StandardCharsets.US_ASCII)),
        9,
        "control character 0");
  }

  @Test
  void deepNestingIsRefused() throws IOException {
    String deep = "[".repeat(100_000) + "]".repeat(100_000);
    refused(safetensors().entry("\"a\":{\"shape\":" + deep + "}"), 23, "needs a whole number");
  }

  @Test
  void tooManyMetadataEntriesAreRefused() throws IOException {
    StringBuilder many = new StringBuilder("\"__metadata__\":{\"k\":\"v\"");
    for (int i = 0; i < 10_000; i++) {
      many.append(",\"a longer name, to pay for the memory of the entry that it makes, ")
          .append(
              "which is of a hundred bytes and more, names and all, on this side %05d\":\"\""
                  .formatted(i));
    }
    Path file = safetensors().entry(many + "}").writeTo(folder.resolve("m.safetensors"));
    assertThatThrownBy(() -> Refusals.open(file))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("more than 10000 entries");
  }

  @Test
  void aTensorWithoutANameIsRefused() throws IOException {
    refused(safetensors().tensor("", "U8", "[0]", 0, 0), 9, "a tensor without a name");
  }

  @Test
  void aNameLongerThanTheLimitIsRefused() throws IOException {
    Path file =
        safetensors()
            .tensor("n".repeat(1025), "U8", "[0]", 0, 0)
            .writeTo(folder.resolve("m.safetensors"));
    assertThatThrownBy(() -> Refusals.open(file))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("exceeds the maximum allowed (1024");
  }

  @Test
  void aFileCutShortIsRefused() throws IOException {
    SafetensorsFile file = safetensors().tensor("a", "F32", "[4]", 0, 16).data(16).truncateBy(1);
    refused(file, file.dataStart() + 15, "may have been cut short");
  }

  @Test
  void moreTensorsThanTheLimitAreRefused() throws IOException {
    Path file =
        safetensors()
            .tensor("a", "U8", "[0]", 0, 0)
            .tensor("b", "U8", "[0]", 0, 0)
            .writeTo(folder.resolve("m.safetensors"));
    CheckpointLimits one = CheckpointLimits.defaults().withMaxTensors(1);
    assertThatThrownBy(() -> Checkpoints.open(file, one).close())
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("tensor 'b'")
        .hasMessageContaining("more than 1 tensors");
  }

  @Test
  void controlCharactersOfANameDoNotReachTheMessage() throws IOException {
    Path file = safetensors().entry("\"a\\u001b[31m\":7").writeTo(folder.resolve("m.safetensors"));
    assertThatThrownBy(() -> Refusals.open(file))
        .hasMessageContaining("tensor 'a?[31m'")
        .extracting(Throwable::getMessage)
        .satisfies(m -> assertThat(m.toString().chars()).noneMatch(Character::isISOControl));
  }

  @Test
  void aGitLfsPointerIsRefusedByName() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("m.safetensors"),
            "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n");
    Refusals.assertRefused(file, Refusals::open, -1, "a Git LFS pointer");
  }

  @Test
  void aWebPageIsRefusedByName() throws IOException {
    Path file =
        Files.writeString(folder.resolve("m.safetensors"), "<!DOCTYPE html><html>404</html>");
    Refusals.assertRefused(file, Refusals::open, -1, "a web page");
  }
}
