package io.github.consistencydecoder.formats.archive;

import static io.github.consistencydecoder.formats.archive.ArchiveFile.archive;
import static io.github.consistencydecoder.formats.archive.Pickle.dictOfW;
import static io.github.consistencydecoder.formats.archive.Pickle.oneTensor;
import static io.github.consistencydecoder.formats.archive.Pickle.pickle;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.formats.checkpoint.Refusals;
import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.formats.latents.LatentsFile;
import io.github.consistencydecoder.formats.tensors.CheckpointLimits;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One hostile archive a rule of {@link TorchArchive}; docs/hostile-files.md lists them. */
public class HostileArchiveTest {
  private static final byte[] STORAGE = new byte[16];

  @TempDir Path folder;

  private void refused(ArchiveFile file, long offset, String reason) throws IOException {
    Refusals.assertRefused(file.writeTo(folder.resolve("m.pt")), Refusals::open, offset, reason);
  }

  private static Pickle good() {
    return oneTensor(0, new long[] {2, 2}, new long[] {2, 1});
  }

  private static long[] longs(String text) {
    return Stream.of(text.split(" ", -1))
        .filter(s -> !s.isEmpty())
        .mapToLong(Long::parseLong)
        .toArray();
  }

  @Test
  void theArchiveThatTheOthersAreMadeFromIsAccepted() throws IOException {
    Refusals.open(ArchiveFile.torch(good()).writeTo(folder.resolve("m.pt")));
    Refusals.open(ArchiveFile.torch(good()).withZip64().writeTo(folder.resolve("m.pt")));
  }

  @Test
  void anArchiveWithoutAPickleIsRefused() throws IOException {
    refused(
        archive().entry("m/data/0", STORAGE), -1, "a zip archive with 0 entries FOLDER/data.pkl");
  }

  @Test
  void aPickleInAnotherPlaceIsNotFound() throws IOException {
    refused(archive().entry("m/n/data.pkl", STORAGE), -1, "0 entries FOLDER/data.pkl");
    refused(archive().entry("data.pkl", STORAGE), -1, "0 entries FOLDER/data.pkl");
  }

  @Test
  void twoPicklesAreRefused() throws IOException {
    refused(
        ArchiveFile.torch(good()).entry("n/data.pkl", good().bytes()),
        -1,
        "a zip archive with 2 entries FOLDER/data.pkl");
  }

  @Test
  void anNpzOfOtherFilesIsRefused() throws IOException {
    refused(archive().entry("x.npy", STORAGE), -1, "tensor 'x': not an .npy file");
  }

  /** An .npz of four latents; what is changed is said by place and byte. */
  private byte[] deflatedNpz(int zeros, int method) throws IOException {
    String shape = "(1, 4, 1, " + zeros + ")";
    String header = "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + "}\n";
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.setLevel(method);
      zip.putNextEntry(new ZipEntry("latents.npy"));
      zip.write(("\u0093NUMPY\1\0" + (char) header.length() + "\0" + header).getBytes(ISO_8859_1));
      zip.write(new byte[16 * zeros]);
    }
    return bytes.toByteArray();
  }

  private void assertNpzIs(byte[] npz, long offset, String reason) throws IOException {
    Refusals.assertRefused(
        Files.write(folder.resolve("m.npz"), npz), LatentsFile::read, offset, reason);
  }

  @Test
  void anEntryThatInflatesOutOfProportionIsRefused() throws IOException {
    assertNpzIs(
        deflatedNpz(100_000, 9), 0, "entry 'latents.npy' would inflate to 1600079 bytes, at most");
  }

  @Test
  void anInflatedEntryOfAWrongChecksumIsRefused() throws IOException {
    byte[] npz = deflatedNpz(9, 0);
    npz[200] ^= 1;
    assertNpzIs(npz, -1, "entry 'latents.npy' is damaged, save the file again");
  }

  @Test
  void anEntryThatIsNoDeflateStreamIsRefused() throws IOException {
    byte[] npz = deflatedNpz(9, 9);
    npz[30 + "latents.npy".length()] = -1;
    assertNpzIs(npz, -1, "'latents.npy' is damaged, save the file again");
  }

  @Test
  void anEntryThatEndsEarlyOrLateIsRefused() throws IOException {
    byte[] npz = deflatedNpz(9, 9);
    int size = npz.length - 22 - 46 - "latents.npy".length() + 24;
    npz[size]++;
    assertNpzIs(npz, -1, "bytes of values, shape [1, 4, 1, 9] of F32 needs 144");
    npz = deflatedNpz(9, 9);
    npz[size - 4]--;
    assertNpzIs(npz, -1, "is damaged, save the file again");
  }

  @Test
  void aListThatRepeatsAThousandTimesIsRefused() throws IOException {
    Pickle file = pickle().op('(');
    file.tensor("FloatStorage", "0", 4, 0, new long[] {4, 1, 1}, new long[] {1, 0, 0}).op('q', 0);
    for (int i = 1; i < 9_000; i++) {
      file.op('h', 0);
    }
    Path path = ArchiveFile.torch(file.op('t').end()).writeTo(folder.resolve("m.pt"));
    assertThatThrownBy(() -> LatentsFile.read(path))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("holds 9000 tensors, 9000 of which can be latents");
  }

  @Test
  void aCompressedPickleIsRefused() throws IOException {
    refused(
        ArchiveFile.torch(good()).patch("LOCAL 0 8 2 8").patch("CENTRAL 0 10 2 8"),
        0,
        "entry 'm/data.pkl' is compressed");
  }

  @Test
  void aCompressedStorageIsRefused() throws IOException {
    ArchiveFile file = ArchiveFile.torch(good()).patch("LOCAL 1 8 2 8").patch("CENTRAL 1 10 2 8");
    refused(file, file.localAt(1), "entry 'm/data/0' is compressed");
  }

  @Test
  void aDamagedPickleIsRefused() throws IOException {
    ArchiveFile file = ArchiveFile.torch(good());
    byte[] bytes = file.bytes();
    bytes[(int) file.dataAt(0) + 5] ^= 1;
    Refusals.assertRefused(
        Files.write(folder.resolve("m.pt"), bytes),
        Refusals::open,
        file.dataAt(0),
        "entry 'm/data.pkl' is damaged");
  }

  @Test
  void bigEndianIsRefused() throws IOException {
    ArchiveFile file =
        ArchiveFile.torch(good()).entry("m/byteorder", "big".getBytes(StandardCharsets.US_ASCII));
    refused(file, file.dataAt(2), "byte order 'big', needs 'little'");
  }

  @Test
  void aByteOrderOfAMegabyteIsRefused() throws IOException {
    ArchiveFile file = ArchiveFile.torch(good()).entry("m/byteorder", new byte[1 << 20]);
    refused(file, file.localAt(2), "entry 'm/byteorder' has 1048576 bytes, at most 16");
  }

  @Test
  void aPickleOfSomethingElseIsRefused() throws IOException {
    refused(ArchiveFile.torch(pickle().op(']').end()), -1, "no tensors in the archive");
    refused(ArchiveFile.torch(pickle().op('N').end()), -1, "no tensors in the archive");
  }

  @Test
  void anArchiveWithoutTensorsIsRefused() throws IOException {
    refused(ArchiveFile.torch(pickle().op('}').end()), -1, "no tensors in the archive");
  }

  @Test
  void aMissingStorageIsRefused() throws IOException {
    refused(
        archive().entry("m/data.pkl", good().bytes()),
        -1,
        "tensor 'w': its storage, entry 'm/data/0', is not in the archive");
  }

  @Test
  void aStorageShorterThanDeclaredIsRefused() throws IOException {
    ArchiveFile file =
        archive().entry("m/data.pkl", good().bytes()).entry("m/data/0", new byte[15]);
    refused(file, file.dataAt(1), "its storage has 15 bytes, 4 elements of F32 declared");
  }

  @Test
  void aStorageOfABillionElementsIsRefused() throws IOException {
    Pickle file =
        dictOfW()
            .tensor(
                "FloatStorage", "0", 1_000_000_000, 0, new long[] {1_000_000_000}, new long[] {1});
    ArchiveFile archive = ArchiveFile.torch(file.op('s').end());
    refused(archive, archive.dataAt(1), "its storage has 16 bytes, 1000000000 elements of F32");
  }

  @Test
  void aStorageWhoseLengthOverflowsIsRefused() throws IOException {
    Pickle file =
        dictOfW().tensor("FloatStorage", "0", (1L << 62) + 4, 0, new long[] {4}, new long[] {1});
    ArchiveFile archive = ArchiveFile.torch(file.op('s').end());
    refused(archive, archive.dataAt(1), "4611686018427387908 elements of F32 declared");
  }

  /** A tensor over four numbers: its offset, shape and strides, and what it is told. */
  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          a tensor beyond its storage is refused | 1 | 4 | 1 | shape [4], strides [1] and offset 1 reach
          an offset beyond the storage is refused | 9223372036854775807 | `` | `` | shape [], strides [] and offset
          an offset of nothing beyond the storage is refused | 5 | 0 | 1 | shape [0], strides [1] and offset 5 reach
          a stride beyond the storage is refused | 0 | 2 | 4 | shape [2], strides [4] and offset 0 reach
          a stride that overflows is refused | 0 | 3 | 9223372036854775807 | shape [3], strides [9223372036854775807]
          a billion elements over one are refused | 0 | 1000000000 | 0 | shape [1000000000] has more elements than
          a shape that overflows is refused | 0 | 4294967296 4294967296 | 0 0 | shape [4294967296, 4294967296] over
          too many dimensions are refused | 0 | 0 0 0 0 0 0 0 0 0 | 0 0 0 0 0 0 0 0 0 | 9 dimensions and 9 strides
          strides that are not as many as dimensions are refused | 0 | 4 | 4 1 | 1 dimensions and 2 strides
          """)
  void oneRuleOfTensorsEach(String rule, long offset, String shape, String strides, String reason)
      throws IOException {
    ArchiveFile file = ArchiveFile.torch(oneTensor(offset, longs(shape), longs(strides)));
    refused(file, -1, "tensor 'w': " + reason);
  }

  @Test
  void aModuleThatContainsItselfIsRefused() throws IOException {
    refused(
        ArchiveFile.torch(pickle().op('}', 'q', 0).string("x").op('h', 0, 's').end()),
        -1,
        "nested deeper than 100");
  }

  @Test
  void aListThatContainsItselfIsRefused() throws IOException {
    refused(
        ArchiveFile.torch(pickle().op('}').string("x").op(']', 'q', 0, 'h', 0, 'a', 's').end()),
        -1,
        "nested deeper than 100");
  }

  @Test
  void aTreeThatDoublesAtEveryLevelIsRefused() throws IOException {
    // {"x": (d0, d1, ...)} with d0 = {} and d1 = {"a": d0, "b": d0} and so on
    Pickle file = pickle().op('}').string("x").op('(', '}', 'q', 0);
    for (int level = 1; level <= 40; level++) {
      file.op('}', 'q', level).string("a").op('h', level - 1, 's');
      file.string("b").op('h', level - 1, 's');
    }
    file.op('t', 's');
    Path path = ArchiveFile.torch(file.end()).writeTo(folder.resolve("m.pt"));
    assertThatThrownBy(() -> Refusals.open(path))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("the tree has more than 1000000 places");
  }

  @Test
  void twoTensorsOfOneFlattenedNameAreRefused() throws IOException {
    Pickle file = pickle().op('}').string("a.b").tensor().op('s').string("a").op('}');
    refused(
        ArchiveFile.torch(file.string("b").tensor().op('s', 's').end()),
        -1,
        "tensor 'a.b': the name occurs twice");
  }

  @Test
  void aTensorWithoutANameIsRefused() throws IOException {
    refused(
        ArchiveFile.torch(pickle().op('}').string("").tensor().op('s').end()),
        -1,
        "a tensor without a name");
  }

  @Test
  void aNameLongerThanTheLimitIsRefused() throws IOException {
    refused(
        ArchiveFile.torch(pickle().op('}').string("n".repeat(1025)).tensor().op('s').end()),
        -1,
        "a name longer than 1024 characters");
  }

  @Test
  void aPickleLongerThanTheLimitIsRefused() throws IOException {
    CheckpointLimits d = CheckpointLimits.defaults();
    CheckpointLimits limits =
        new CheckpointLimits(
            d.maxHeaderBytes(),
            d.maxJsonBytes(),
            d.maxJsonDepth(),
            d.maxMetadataEntries(),
            d.maxStringChars(),
            d.maxNameChars(),
            d.maxTensors(),
            d.maxRank(),
            d.maxShards(),
            d.maxZipEntries(),
            d.maxZipDirectoryBytes(),
            100,
            d.maxPickleDepth(),
            d.maxPickleObjects());
    Path file = ArchiveFile.torch(good()).writeTo(folder.resolve("m.pt"));
    assertThatThrownBy(() -> Checkpoints.open(file, limits))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("entry 'm/data.pkl' has ")
        .hasMessageContaining("bytes, at most 100 are read");
  }
}
