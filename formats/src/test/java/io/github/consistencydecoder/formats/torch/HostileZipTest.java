package io.github.consistencydecoder.formats.torch;

import static io.github.consistencydecoder.formats.torch.ArchiveFile.archive;

import io.github.consistencydecoder.formats.checkpoint.Refusals;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
  void aCommentIsRefused() throws IOException {
    ArchiveFile file = two().patchEnd(20, 2, 22);
    refused(file, file.endAt(), "has a comment");
  }

  @Test
  void severalDisksAreRefused() throws IOException {
    ArchiveFile file = two().patchEnd(4, 2, 1);
    refused(file, file.endAt(), "an archive on several disks");
  }

  @Test
  void countsThatDifferAreRefused() throws IOException {
    ArchiveFile file = two().patchEnd(8, 2, 1);
    refused(file, file.endAt(), "an archive on several disks");
  }

  @Test
  void aZip64LocatorThatPointsElsewhereIsRefused() throws IOException {
    ArchiveFile file = two().withZip64().patchLocator(8, 8, 0);
    refused(file, file.directoryEnd(), "the Zip64 locator does not point to");
  }

  @Test
  void aZip64EndRecordOfAnotherFormIsRefused() throws IOException {
    ArchiveFile file = two().withZip64().patchEnd64(4, 8, 1 << 20);
    refused(file, file.directoryEnd(), "not the Zip64 end record");
  }

  @Test
  void aZip64EndRecordThatContradictsIsRefused() throws IOException {
    ArchiveFile file = two().withZip64().patchEnd64(48, 8, 5);
    refused(file, file.directoryEnd(), "contradicts the end record");
  }

  @Test
  void aNumberAbove2To63IsRefused() throws IOException {
    ArchiveFile file = two().withZip64().patchEnd64(40, 8, -1);
    refused(file, file.directoryEnd(), "above 2^63");
  }

  @Test
  void aBillionEntriesAreRefused() throws IOException {
    ArchiveFile file =
        two()
            .withZip64()
            .patchEnd(8, 4, -1)
            .patchEnd64(24, 8, 1_000_000_000)
            .patchEnd64(32, 8, 1_000_000_000);
    refused(file, file.endAt(), "1000000000 entries, at most 100000");
  }

  @Test
  void aDirectoryLongerThanTheLimitIsRefused() throws IOException {
    ArchiveFile file = two().patchEnd(12, 4, 0xf0000000L);
    refused(file, file.endAt(), "a central directory of 4026531840 bytes, at most 67108864");
  }

  @Test
  void aDirectoryLongerThanTheFileIsRefused() throws IOException {
    ArchiveFile file = two().patchEnd(12, 4, 60_000_000);
    refused(file, file.endAt(), "a central directory of 60000000 bytes at 104 does not end at");
  }

  @Test
  void aDirectoryThatDoesNotEndAtTheEndRecordIsRefused() throws IOException {
    ArchiveFile file = two().patchEnd(16, 4, 3);
    refused(file, file.endAt(), "does not end at the end record");
  }

  @Test
  void aDirectoryWithFewerEntriesThanDeclaredIsRefused() throws IOException {
    ArchiveFile file = two().patchEnd(8, 2, 3).patchEnd(10, 2, 3);
    refused(file, file.endAt(), "the directory ends after 2 entries of 3");
  }

  @Test
  void aDirectoryWithMoreThanDeclaredIsRefused() throws IOException {
    ArchiveFile file = two().afterDirectory(new byte[7]);
    refused(file, file.endAt() - 7, "7 bytes follow the last of 2 entries");
  }

  @Test
  void anEntryBeyondTheDirectoryIsRefused() throws IOException {
    ArchiveFile file = two().patchCentral(1, 32, 2, 5000);
    refused(file, file.centralAt(1), "an entry reaches beyond the directory");
  }

  @Test
  void anEntryTwiceIsRefused() throws IOException {
    ArchiveFile file = archive().entry("m/a", CONTENT).entry("m/a", CONTENT);
    refused(file, file.centralAt(1), "entry 'm/a' is there twice");
  }

  @Test
  void aNameWithDotsIsRefused() throws IOException {
    ArchiveFile file = archive().entry("m/../../etc/passwd", CONTENT);
    refused(file, file.centralAt(0), "'m/../../etc/passwd' has an empty part, '.' or '..'");
  }

  @Test
  void anAbsoluteNameIsRefused() throws IOException {
    ArchiveFile file = archive().entry("/etc/passwd", CONTENT);
    refused(file, file.centralAt(0), "entry '/etc/passwd' has an absolute or foreign path");
  }

  @Test
  void aNameWithABackslashIsRefused() throws IOException {
    ArchiveFile file = archive().entry("m\\data.pkl", CONTENT);
    refused(file, file.centralAt(0), "an absolute or foreign path");
  }

  @Test
  void aNameWithADriveIsRefused() throws IOException {
    ArchiveFile file = archive().entry("C:data.pkl", CONTENT);
    refused(file, file.centralAt(0), "an absolute or foreign path");
  }

  @Test
  void aNameWithAnEmptyPartIsRefused() throws IOException {
    ArchiveFile file = archive().entry("m//data.pkl", CONTENT);
    refused(file, file.centralAt(0), "has an empty part");
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
  void anEmptyNameIsRefused() throws IOException {
    ArchiveFile file = archive().entry("", CONTENT);
    refused(file, file.centralAt(0), "an entry's name has 0 characters");
  }

  @Test
  void aNameLongerThanTheLimitIsRefused() throws IOException {
    ArchiveFile file = archive().entry("m/" + "n".repeat(1023), CONTENT);
    refused(file, file.centralAt(0), "an entry's name has 1025 characters");
  }

  @Test
  void anEncryptedEntryIsRefused() throws IOException {
    ArchiveFile file = two().patchCentral(1, 8, 2, 1);
    refused(file, file.centralAt(1), "encrypted or has unknown flags 0x1");
  }

  @Test
  void anUnknownCompressionMethodIsRefused() throws IOException {
    ArchiveFile file = two().patchCentral(1, 10, 2, 12);
    refused(file, file.centralAt(1), "entry 'm/b' has compression method 12");
  }

  @Test
  void aStoredEntryOfTwoSizesIsRefused() throws IOException {
    ArchiveFile file = two().patchCentral(1, 20, 4, 3);
    refused(file, file.centralAt(1), "entry 'm/b' is stored in 3 bytes but has 19");
  }

  @Test
  void anEntryOnAnotherDiskIsRefused() throws IOException {
    ArchiveFile file = two().patchCentral(1, 34, 2, 1);
    refused(file, file.centralAt(1), "entry 'm/b' lies on another disk");
  }

  @Test
  void anEntryOfFourGigabytesInASmallFileIsRefused() throws IOException {
    ArchiveFile file =
        two().patchCentral(1, 20, 4, 0xfffffff0L).patchCentral(1, 24, 4, 0xfffffff0L);
    refused(file, file.centralAt(1), "entry 'm/b' declares 4294967280 as size or place");
  }

  @Test
  void aZip64SizeAboveTheFileIsRefused() throws IOException {
    byte[] name = {'m', '/', 'b'};
    ArchiveFile file = archive().entry("m/a", CONTENT).entry(name, CONTENT, zip64Extra(-1, -1));
    file.patchCentral(1, 20, 4, -1).patchCentral(1, 24, 4, -1);
    refused(file, file.centralAt(1), "declares 18446744073709551615 as size or place");
  }

  @Test
  void aMissingZip64SizeIsRefused() throws IOException {
    ArchiveFile file = two().patchCentral(1, 20, 4, -1).patchCentral(1, 24, 4, -1);
    refused(file, file.centralAt(1), "declares 4294967295 as size or place");
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
  void anEntryBehindTheDirectoryIsRefused() throws IOException {
    ArchiveFile file = two().patchCentral(1, 42, 4, 100);
    refused(file, 100, "entry 'm/b' lies in or behind the directory");
  }

  @Test
  void aPlaceWithoutALocalHeaderIsRefused() throws IOException {
    ArchiveFile file = two().patchCentral(1, 42, 4, 10);
    refused(file, 10, "entry 'm/b' has no local header of that name here");
  }

  @Test
  void aLocalHeaderOfAnotherNameIsRefused() throws IOException {
    ArchiveFile file = two().patchLocal(1, 32, 1, 'c');
    refused(file, file.localAt(1), "entry 'm/b' has no local header of that name here");
  }

  @Test
  void aLocalHeaderOfAnotherMethodIsRefused() throws IOException {
    ArchiveFile file = two().patchLocal(1, 8, 2, 8);
    refused(file, file.localAt(1), "differ in method or flags");
  }

  @Test
  void aLocalHeaderOfAnotherSizeIsRefused() throws IOException {
    ArchiveFile file = two().patchLocal(1, 22, 4, 18);
    refused(file, file.localAt(1), "local header and directory differ in size");
  }

  @Test
  void overlappingEntriesAreRefused() throws IOException {
    // The first entry is declared to reach over the second one's header, in both places.
    ArchiveFile file = two();
    for (int field : new int[] {20, 24}) {
      file.patchCentral(0, field, 4, 40).patchLocal(0, field - 2, 4, 40);
    }
    refused(file, file.localAt(1), "entry 'm/b' overlaps another one");
  }

  @Test
  void anEntryThatReachesIntoTheDirectoryIsRefused() throws IOException {
    ArchiveFile file = two();
    for (int field : new int[] {20, 24}) {
      file.patchCentral(1, field, 4, 40).patchLocal(1, field - 2, 4, 40);
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
