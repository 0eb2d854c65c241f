package io.github.consistencydecoder.models.store.digests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelDigestsTest {
  /** Old enough for its hash to be remembered. */
  private static final FileTime OLD = FileTime.from(Instant.parse("2024-01-01T00:00:00Z"));

  /** SHA-256 of the three bytes "abc", from the standard FIPS 180-2. */
  private static final String ABC =
      "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  @TempDir Path folder;
  private Path cache;
  private Path file;

  @BeforeEach
  void write() throws IOException {
    cache = folder.resolve("cache");
    file = old(folder.resolve("model.pt"), "abc");
  }

  private static Path old(Path path, String text) throws IOException {
    Files.writeString(path, text);
    Files.setLastModifiedTime(path, OLD);
    return path;
  }

  /** As a minute after all that the test has done. */
  private String digest(Path... files) throws IOException {
    return ModelDigests.of(List.of(files), cache, false, () -> System.currentTimeMillis() + 60_000);
  }

  /** Writes other content of the same size, with the same modification time, at a later tick. */
  private void replaceSilently() throws IOException {
    ModelDigests.DigestCache.State before = ModelDigests.DigestCache.State.of(file.toRealPath());
    do {
      Files.writeString(file, "xyz");
      Files.setLastModifiedTime(file, OLD);
    } while (ModelDigests.DigestCache.State.of(file.toRealPath()).equals(before));
  }

  private List<Path> memories() throws IOException {
    try (var memories = Files.list(cache.resolve("digests"))) {
      return memories.toList();
    }
  }

  @Test
  void ofOneFileItIsTheFilesOwn() throws IOException {
    assertThat(digest(file)).isEqualTo(ABC);
  }

  @Test
  void ofSeveralItIsThatOfTheSortedLines() throws IOException {
    Path other = old(folder.resolve("a.json"), "{}");
    String lines =
        "a.json\0"
            + Sha256.of("{}".getBytes(StandardCharsets.UTF_8))
            + "\n"
            + "model.pt\0"
            + ABC.replace("sha256:", "")
            + "\n";
    String expected = "sha256:" + Sha256.of(lines.getBytes(StandardCharsets.UTF_8));
    assertThat(digest(file, other)).isEqualTo(expected).isEqualTo(digest(other, file));
  }

  @Test
  void theSecondCallReadsNothing() throws IOException {
    digest(file);
    String other = "0".repeat(64);
    ModelDigests.remember(file, other, cache);
    assertThat(digest(file)).isEqualTo("sha256:" + other);
    assertThat(ModelDigests.anew(List.of(file), cache)).isEqualTo(ABC);
  }

  @Test
  void otherContentOfTheSameSizeAndTimeIsReadAgain() throws IOException {
    digest(file);
    replaceSilently();
    assertThat(digest(file)).isNotEqualTo(ABC);
  }

  @Test
  void samplesTellTwoFilesApartWhereThereIsNoChangeTime() throws IOException {
    byte[] bytes = new byte[3_000_000];
    new java.util.Random(1).nextBytes(bytes);
    String one = ModelDigests.DigestCache.samples(Files.write(folder.resolve("one"), bytes));
    assertThat(ModelDigests.DigestCache.samples(Files.write(folder.resolve("same"), bytes)))
        .isEqualTo(one);
    bytes[bytes.length - 1]++;
    assertThat(ModelDigests.DigestCache.samples(Files.write(folder.resolve("end"), bytes)))
        .isNotEqualTo(one);
    new java.util.Random(2).nextBytes(bytes);
    assertThat(ModelDigests.DigestCache.samples(Files.write(folder.resolve("other"), bytes)))
        .isNotEqualTo(one);
  }

  @Test
  void aFileWhoseTimesWereSetJustNowIsNotRemembered() throws IOException {
    assertThat(ModelDigests.of(List.of(file), cache)).isEqualTo(ABC);
    assertThat(cache).doesNotExist();
  }

  @Test
  void everyBitOfAMemoryCounts() throws IOException {
    digest(file);
    Path memory = memories().get(0);
    byte[] sound = Files.readAllBytes(memory);
    for (int i = 0; i < 8 * sound.length; i += 3) {
      byte[] flipped = sound.clone();
      flipped[i / 8] ^= (byte) (1 << i % 8);
      Files.write(memory, flipped);
      assertThat(digest(file)).as("bit " + i).isEqualTo(ABC);
    }
  }

  @Test
  void anotherSizeIsReadAgain() throws IOException {
    digest(file);
    old(file, "abcd");
    assertThat(digest(file)).isNotEqualTo(ABC);
  }

  @Test
  void anotherTimeIsReadAgain() throws IOException {
    digest(file);
    Files.writeString(file, "xyz");
    Files.setLastModifiedTime(file, FileTime.fromMillis(OLD.toMillis() + 1));
    assertThat(digest(file)).isNotEqualTo(ABC);
  }

  @Test
  void anotherFileInItsPlaceIsReadAgain() throws IOException {
    digest(file);
    Path replacement = old(folder.resolve("replacement"), "xyz");
    Files.move(replacement, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    assertThat(digest(file)).isNotEqualTo(ABC);
  }

  @Test
  void aFileJustWrittenIsNotRemembered() throws IOException {
    Path fresh = Files.writeString(folder.resolve("fresh"), "abc");
    assertThat(ModelDigests.of(List.of(fresh), cache)).isEqualTo(ABC);
    assertThat(cache).doesNotExist();
  }

  @Test
  void aLinkIsItsFile() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);
    digest(file);
    assertThat(digest(link)).isEqualTo(ABC);
    assertThat(memories()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "[]", "{\"sha256\": \"00\"}"})
  void aDamagedMemoryIsRebuilt(String damage) throws IOException {
    digest(file);
    Path memory = memories().get(0);
    String sound = Files.readString(memory);
    Files.writeString(memory, damage);

    assertThat(digest(file)).isEqualTo(ABC);

    assertThat(memory).hasContent(sound);
  }

  @Test
  void aMemoryOfAnotherFileDoesNotCount() throws IOException {
    digest(file);
    Path memory = memories().get(0);
    Files.writeString(
        memory, Files.readString(memory).replace("model.pt", "other.pt").replace("ba78", "0000"));
    assertThat(digest(file)).isEqualTo(ABC);
  }

  @Test
  void aCacheThatCannotBeWrittenOnlyCostsTime() throws IOException {
    Files.writeString(cache, "a file where the folder should be");
    assertThat(digest(file)).isEqualTo(ABC);
  }

  @Test
  void manyAtOnceAgree() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    Callable<String> digesting = () -> digest(file);
    Set<String> digests =
        threads.invokeAll(java.util.Collections.nCopies(64, digesting)).stream()
            .map(ModelDigestsTest::get)
            .collect(Collectors.toSet());
    threads.shutdown();
    assertThat(digests).containsExactly(ABC);
    assertThat(memories()).hasSize(1);
  }

  @Test
  void aMissingFileIsAnError() {
    assertThatThrownBy(() -> digest(folder.resolve("nowhere")))
        .isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void noFilesAreABug() {
    assertThatThrownBy(() -> ModelDigests.of(List.of(), cache))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static String get(Future<String> future) {
    try {
      return future.get();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
