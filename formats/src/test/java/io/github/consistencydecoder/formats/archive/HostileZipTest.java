package io.github.consistencydecoder.formats.archive;

import static io.github.consistencydecoder.formats.archive.ArchiveFile.archive;

import io.github.consistencydecoder.formats.checkpoint.Refusals;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One hostile archive a rule of {@link ZipDirectory}; docs/hostile-files.md lists them. */
public class HostileZipTest {
  private static final byte[] CONTENT = "content of an entry".getBytes(StandardCharsets.US_ASCII);

  @TempDir Path folder;

  private void refused(ArchiveFile file, long offset, String reason) throws IOException {
    refused(file.bytes(), offset, reason);
  }

  private void refused(byte[] bytes, long offset, String reason) throws IOException {
    Refusals.assertRefused(
        Files.write(folder.resolve("m.pt"), bytes), Refusals::open, offset, reason);
  }

  private static ArchiveFile two() {
    return archive().entry("m/a", CONTENT).entry("m/b", CONTENT);
  }

  private static byte[] zip64Extra(long... values) {
    ByteBuffer extra = ByteBuffer.allocate(4 + 8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    extra.putShort((short) 1).putShort((short) (8 * values.length));
    for (long value : values) {
      extra.putLong(value);
    }
    return extra.array();
  }

  /**
   * Patches of a sound archive of two entries, where it is told what is wrong, and in which words.
   */
  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          a comment is refused | END 0 20 2 22 | END 0 | has a comment
          several disks are refused | END 0 4 2 1 | END 0 | an archive on several disks
          counts that differ are refused | END 0 8 2 1 | END 0 | an archive on several disks
          a zip64 locator that points elsewhere is refused | zip64, LOCATOR 0 8 8 0 | END64 0 | the Zip64 locator does not point to
          a zip64 end record of another form is refused | zip64, END64 0 4 8 1 << 20 | END64 0 | not the Zip64 end record
          a zip64 end record that contradicts is refused | zip64, END64 0 48 8 5 | END64 0 | contradicts the end record
          a number above2 to63 is refused | zip64, END64 0 40 8 -1 | END64 0 | above 2^63
          a billion entries are refused | zip64, END 0 8 4 -1, END64 0 24 8 1000000000, END64 0 32 8 1000000000 | END 0 | 1000000000 entries, at most 100000
          a directory longer than the limit is refused | END 0 12 4 0xf0000000 | END 0 | a central directory of 4026531840 bytes, at most 67108864
          a directory longer than the file is refused | END 0 12 4 60000000 | END 0 | a central directory of 60000000 bytes at 104 does not end at
          a directory that does not end at the end record is refused | END 0 16 4 3 | END 0 | does not end at the end record
          a directory with fewer entries than declared is refused | END 0 8 2 3, END 0 10 2 3 | END 0 | the directory ends after 2 entries of 3
          an entry beyond the directory is refused | CENTRAL 1 32 2 5000 | CENTRAL 1 | an entry reaches beyond the directory
          an encrypted entry is refused | CENTRAL 1 8 2 1 | CENTRAL 1 | encrypted or has unknown flags 0x1
          an unknown compression method is refused | CENTRAL 1 10 2 12 | CENTRAL 1 | entry 'm/b' has compression method 12
          a stored entry of two sizes is refused | CENTRAL 1 20 4 3 | CENTRAL 1 | entry 'm/b' is stored in 3 bytes but has 19
          an entry on another disk is refused | CENTRAL 1 34 2 1 | CENTRAL 1 | entry 'm/b' lies on another disk
          an entry of four gigabytes in a small file is refused | CENTRAL 1 20 4 0xfffffff0, CENTRAL 1 24 4 0xfffffff0 | CENTRAL 1 | entry 'm/b' declares 4294967280 as size or place
          a missing zip64 size is refused | CENTRAL 1 20 4 -1, CENTRAL 1 24 4 -1 | CENTRAL 1 | declares 4294967295 as size or place
          an entry behind the directory is refused | CENTRAL 1 42 4 100 | 100 | entry 'm/b' lies in or behind the directory
          a place without a local header is refused | CENTRAL 1 42 4 10 | 10 | entry 'm/b' has no local header of that name here
          a local header of another name is refused | LOCAL 1 32 1 99 | LOCAL 1 | entry 'm/b' has no local header of that name here
          a local header of another method is refused | LOCAL 1 8 2 8 | LOCAL 1 | differ in method or flags
          a local header of another size is refused | LOCAL 1 22 4 18 | LOCAL 1 | local header and directory differ in size
          """)
  void oneRuleEach(String rule, String patches, String place, String reason) throws IOException {
    ArchiveFile file = two();
    for (String patch : patches.split(", ", -1)) {
      file.patch(patch);
    }
    refused(file, file.at(place), reason);
  }

  /** Names of an entry. */
  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          a name with dots is refused | m/../../etc/passwd | 'm/../../etc/passwd' has an empty part, '.' or '..'
          an absolute name is refused | /etc/passwd | entry '/etc/passwd' has an absolute or foreign path
          a name with a backslash is refused | m\\data.pkl | an absolute or foreign path
          a name with a drive is refused | C:data.pkl | an absolute or foreign path
          a name with an empty part is refused | m//data.pkl | has an empty part
          an empty name is refused | `` | an entry's name has 0 characters
          """)
  void oneRuleOfNamesEach(String rule, String name, String reason) throws IOException {
    ArchiveFile file = archive().entry(name, CONTENT);
    refused(file, file.at("CENTRAL 0"), reason);
  }

  @Test
  void anArchiveShorterThanAnEndRecordIsRefused() throws IOException {
    refused(new byte[] {'P', 'K', 3, 4, 0}, 0, "the archive has 5 bytes");
  }

  @Test
  void anArchiveCutShortIsRefused() throws IOException {
    byte[] whole = two().bytes();
    byte[] cut = java.util.Arrays.copyOf(whole, whole.length - 5);
    refused(cut, cut.length - 22, "no end record in the last 22 bytes");
  }

  @Test
  void bytesAfterTheEndRecordAreRefused() throws IOException {
    ArchiveFile file = two().append((byte) 0);
    refused(file, file.endAt() + 1, "no end record in the last 22 bytes");
  }

  @Test
  void aDirectoryWithMoreThanDeclaredIsRefused() throws IOException {
    ArchiveFile file = two().afterDirectory(new byte[7]);
    refused(file, file.endAt() - 7, "7 bytes follow the last of 2 entries");
  }

  @Test
  void anEntryTwiceIsRefused() throws IOException {
    ArchiveFile file = archive().entry("m/a", CONTENT).entry("m/a", CONTENT);
    refused(file, file.centralAt(1), "entry 'm/a' is there twice");
  }

  @Test
  void aNameWithAControlCharacterIsRefused() throws IOException {
    ArchiveFile file = archive().entry("m/data.pkl\0.txt", CONTENT);
    refused(file, file.centralAt(0), "a control character in its name");
  }

  @Test
  void aNameThatIsNotUtf8IsRefused() throws IOException {
    ArchiveFile file = archive().entry(new byte[] {'m', (byte) 0xff}, CONTENT, new byte[0]);
    refused(file, file.centralAt(0), "an entry's name is not UTF-8");
  }

  @Test
  void aNameLongerThanTheLimitIsRefused() throws IOException {
    ArchiveFile file = archive().entry("m/" + "n".repeat(1023), CONTENT);
    refused(file, file.centralAt(0), "an entry's name has 1025 characters");
  }

  @Test
  void aZip64SizeAboveTheFileIsRefused() throws IOException {
    byte[] name = {'m', '/', 'b'};
    ArchiveFile file = archive().entry("m/a", CONTENT).entry(name, CONTENT, zip64Extra(-1, -1));
    file.patch("CENTRAL 1 20 4 -1").patch("CENTRAL 1 24 4 -1");
    refused(file, file.centralAt(1), "declares 18446744073709551615 as size or place");
  }

  @Test
  void twoZip64FieldsAreRefused() throws IOException {
    ByteBuffer twice = ByteBuffer.allocate(24).put(zip64Extra(1)).put(zip64Extra(2));
    ArchiveFile file = archive().entry(new byte[] {'m'}, CONTENT, twice.array());
    refused(file, file.centralAt(0), "entry 'm' has two Zip64 fields");
  }

  @Test
  void anExtraFieldBeyondItsEndIsRefused() throws IOException {
    ArchiveFile file = archive().entry(new byte[] {'m'}, CONTENT, new byte[] {9, 9, 99, 0, 1});
    refused(file, file.centralAt(0), "an extra field beyond its end");
  }

  @Test
  void overlappingEntriesAreRefused() throws IOException {
    // The first entry is declared to reach over the second one's header, in both places.
    ArchiveFile file = two();
    for (int field : new int[] {20, 24}) {
      file.patch("CENTRAL 0 " + field + " 4 40").patch("LOCAL 0 " + (field - 2) + " 4 40");
    }
    refused(file, file.localAt(1), "entry 'm/b' overlaps another one");
  }

  @Test
  void anEntryThatReachesIntoTheDirectoryIsRefused() throws IOException {
    ArchiveFile file = two();
    for (int field : new int[] {20, 24}) {
      file.patch("CENTRAL 1 " + field + " 4 40").patch("LOCAL 1 " + (field - 2) + " 4 40");
    }
    refused(file, file.localAt(1), "entry 'm/b' reaches into the directory");
  }

  @Test
  void bytesBeforeTheFirstEntryAreRefused() throws IOException {
    // Only the second entry is in the directory: the first is what lies before it.
    byte[] whole = two().bytes();
    ArchiveFile file = two();
    int cut = (int) file.centralAt(0);
    int second = (int) file.centralAt(1);
    byte[] less = new byte[whole.length - (second - cut)];
    System.arraycopy(whole, 0, less, 0, cut);
    System.arraycopy(whole, second, less, cut, whole.length - second);
    ByteBuffer end = ByteBuffer.wrap(less).order(ByteOrder.LITTLE_ENDIAN);
    int at = less.length - 22;
    end.putShort(at + 8, (short) 1).putShort(at + 10, (short) 1).putInt(at + 12, at - cut);
    refused(less, 0, "other bytes lie before the first entry");
  }
}
