package io.github.consistencydecoder.formats.checkpoint;

import io.github.consistencydecoder.formats.archive.ArchiveFile;
import io.github.consistencydecoder.formats.archive.Pickle;
import io.github.consistencydecoder.formats.archive.TensorArchive;
import io.github.consistencydecoder.formats.io.ByteSource;
import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.formats.latents.LatentsTensor;
import io.github.consistencydecoder.formats.tensors.CheckpointLimits;
import io.github.consistencydecoder.formats.tensors.NpyFile;
import io.github.consistencydecoder.formats.tensors.SafetensorsHeader;
import io.github.consistencydecoder.formats.tensors.StrictJson;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import io.github.consistencydecoder.formats.tensors.TensorShapes;
import io.github.consistencydecoder.testing.FuzzCorpus;
import io.github.consistencydecoder.testing.SafetensorsFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What fuzzing asserts of every reader: it accepts, or refuses with {@link FormatException};
 * nothing else comes out, memory stays within a multiple of the input, and each tensor accepted
 * lies inside the file. Reads from memory, so that no time goes to files.
 */
final class Fuzzing {
  /** What may be put around an input before it is read. */
  private static final int WRAPPING_BYTES = 1024;

  private static final Path FILE = Path.of("fuzz");
  private static final CheckpointLimits LIMITS = CheckpointLimits.defaults();

  private Fuzzing() {}

  /** Reads an input. */
  @FunctionalInterface
  interface Reader {
    void read(byte[] input) throws IOException;
  }

  /** Reads and asserts. */
  static void check(byte[] input, Reader reader) {
    FuzzCorpus.check(input, bytes -> read(bytes, reader));
  }

  /** As {@link #check}, for the inputs kept under a name. */
  static void replay(String name, Stream<byte[]> seeds, Reader reader) throws IOException {
    FuzzCorpus.replay(name, seeds, bytes -> read(bytes, reader));
  }

  private static void read(byte[] input, Reader reader) {
    try {
      reader.read(input);
    } catch (FormatException expected) {
      if (expected.byteOffset() > input.length + WRAPPING_BYTES) {
        throw new AssertionError("an offset far beyond the file", expected);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("neither accepted nor refused", e);
    }
  }

  static void safetensors(byte[] input) throws IOException {
    ByteSource source = source(input);
    requireInside(SafetensorsHeader.read(FILE, FILE, source, LIMITS).tensors(), input.length);
  }

  static void archive(byte[] input) throws IOException {
    TensorArchive archive = TensorArchive.read(FILE, FILE, source(input), LIMITS);
    archive
        .tensors()
        .forEach(
            (name, tensor) -> {
              ByteSource member = archive.members().get(tensor.file());
              requireInside(Map.of(name, tensor), member == null ? input.length : member.size());
            });
  }

  /** Wraps the input into an archive: a checksum would keep a fuzzer from changing the pickle. */
  static void pickle(byte[] input) throws IOException {
    archive(
        ArchiveFile.archive()
            .entry("m/data.pkl", input)
            .entry("m/data/0", new byte[16])
            .entry("m/data/1", new byte[64])
            .bytes());
  }

  static void npy(byte[] input) throws IOException {
    requireInside(Map.of("", NpyFile.header(FILE, FILE, source(input))), input.length);
  }

  static void index(byte[] input) throws IOException {
    for (String shard : ShardIndex.parse(json(input), LIMITS).shards()) {
      Path folder = Path.of("/folder");
      if (!folder.equals(folder.resolve(shard).normalize().getParent())) {
        throw new AssertionError("a shard outside the folder: " + shard);
      }
    }
  }

  /** Of whatever kind of file the latents, to their last value. */
  static void latents(byte[] input) throws IOException {
    try (Checkpoint file = Checkpoints.inMemory("fuzz", ByteBuffer.wrap(input), LIMITS)) {
      LatentsTensor found = LatentsTensor.of(file, null);
      if (found.values(file).length != TensorShapes.elements(found.shape())) {
        throw new AssertionError("shape and values differ");
      }
    }
  }

  /** What the sniffing of the first bytes makes of the input, and then its reader. */
  static void anyFile(byte[] input) throws IOException {
    switch (Checkpoints.FileKind.of(FILE, source(input))) {
      case SAFETENSORS -> safetensors(input);
      case SHARD_INDEX -> index(input);
      case ZIP -> archive(input);
      case NPY -> npy(input);
    }
  }

  private static StrictJson json(byte[] input) throws IOException {
    return StrictJson.of(FILE, input, 0, input.length, 0, LIMITS);
  }

  static Stream<byte[]> safetensorsSeeds() {
    return Stream.concat(
        resources(".safetensors"),
        Stream.of(
            SafetensorsFile.safetensors()
                .tensor("a", "U8", "[2,1]", 0, 2)
                .tensor("b", "BF16", "[0]", 2, 2)
                .data(2)
                .bytes()));
  }

  /** Small files of every kind, as the libraries write them. */
  static Stream<byte[]> latentsSeeds() {
    return resources("/latents", "");
  }

  static Stream<byte[]> archiveSeeds() {
    byte[] pickle = Pickle.oneTensor(0, new long[] {2, 2}, new long[] {2, 1}).bytes();
    return Stream.concat(
        Stream.of(".pt", ".pth", ".ckpt").flatMap(Fuzzing::resources),
        Stream.of(
            ArchiveFile.torch(Pickle.bare().raw(pickle)).bytes(),
            ArchiveFile.torch(Pickle.bare().raw(pickle)).withZip64().bytes()));
  }

  /** The pickles of all the archives. */
  static Stream<byte[]> pickleSeeds() {
    return archiveSeeds().flatMap(bytes -> ArchiveFile.pickles(bytes).stream());
  }

  static Stream<byte[]> npySeeds() {
    return Stream.of("(2,), }", "(), }", "(1, 2, 1, 1)}")
        .map(
            shape -> {
              String header = "{'descr': '|u1', 'fortran_order': False, 'shape': " + shape + "\n";
              String file = "\u0093NUMPY\1\0" + (char) header.length() + "\0" + header + "xy";
              return file.getBytes(StandardCharsets.ISO_8859_1);
            });
  }

  static Stream<byte[]> indexSeeds() {
    return Stream.of(
            "{\"metadata\":{\"total_size\":8},\"weight_map\":{\"b\":\"s2.safetensors\"}}",
            "{\"weight_map\":{\"b\":\"s.safetensors\",\"\\u00fc\":\"s.safetensors\"}}")
        .map(s -> s.getBytes(StandardCharsets.UTF_8));
  }

  private static Stream<byte[]> resources(String ending) {
    return resources("/checkpoints", ending);
  }

  private static Stream<byte[]> resources(String path, String ending) {
    try {
      Path folder = Path.of(Fuzzing.class.getResource(path).toURI());
      try (Stream<Path> files = Files.list(folder)) {
        List<byte[]> contents = new ArrayList<>();
        for (Path file : files.filter(p -> p.toString().endsWith(ending)).sorted().toList()) {
          contents.add(Files.readAllBytes(file));
        }
        return contents.stream();
      }
    } catch (IOException | URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void requireInside(Map<String, TensorInfo> tensors, long fileBytes) {
    for (TensorInfo t : tensors.values()) {
      long last = 0;
      for (int i = 0; i < t.shape().size(); i++) {
        last += (t.shape().get(i) - 1) * t.strides().get(i);
      }
      boolean empty = t.shape().contains(0L);
      boolean inside =
          t.offset() >= 0
              && t.offset() + t.byteLength() <= fileBytes
              && t.elements() <= Math.max(1 << 16, 64 * fileBytes)
              && t.byteLength() == (empty ? 0 : (last + 1) * t.dtype().bytes());
      if (!inside) {
        throw new AssertionError("a tensor outside the file was accepted: " + t);
      }
    }
  }

  private static ByteSource source(byte[] input) {
    return ByteSource.of(ByteBuffer.wrap(input));
  }
}
