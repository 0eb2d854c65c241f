package io.github.consistencydecoder.models.store.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.models.store.cache.UseRecords.UseRecord.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UseRecordsTest {
  private static final String ENTRY = "0123456789abcdef01234567";
  private static final Instant LONG_AGO = Instant.parse("2020-01-01T00:00:00Z");

  @TempDir private Path cache;

  private Path file() {
    return cache.resolve("uses").resolve(ENTRY + ".json");
  }

  private void used(String model) {
    Path folder = cache.resolve(model);
    new UseRecords(cache).used(ENTRY, "sha256:ab", folder, List.of(folder.resolve("weights")));
  }

  private UseRecords.UseRecord record() {
    return new UseRecords(cache).find(ENTRY).orElseThrow();
  }

  @Test
  void aUseSaysOfWhichModelAndWhen() {
    Instant before = Instant.now().minusSeconds(2);
    used("a \"model\"");
    assertThat(record().digest()).isEqualTo("sha256:ab");
    Path model = cache.resolve("a \"model\"").toAbsolutePath();
    assertThat(record().sources())
        .containsExactly(new Source(model, List.of(model.resolve("weights"))));
    assertThat(record().lastUse()).isAfter(before);
  }

  @Test
  void anotherUseOfTheSameModelOnlyMarksTheTime() throws IOException {
    used("a");
    Object key = Files.readAttributes(file(), "fileKey").get("fileKey");
    Files.setLastModifiedTime(file(), FileTime.from(LONG_AGO));
    used("a");
    assertThat(record().lastUse()).isAfter(LONG_AGO);
    assertThat(Files.readAttributes(file(), "fileKey").get("fileKey")).isEqualTo(key);
  }

  @Test
  void theSameWeightsElsewhereAreNotedToo() {
    used("a");
    used("b");
    used("a");
    assertThat(record().sources().stream().map(s -> s.model().getFileName().toString()))
        .containsExactly("a", "b");
  }

  @Test
  void onlyTheLastPlacesAreRemembered() {
    for (int i = 0; i < 20; i++) {
      used("m" + i);
    }
    assertThat(record().sources()).hasSize(8);
    assertThat(record().sources().get(0).model()).endsWithRaw(Path.of("m19"));
  }

  @Test
  void aDamagedRecordIsNoneAndIsWrittenAgain() throws IOException {
    for (String damaged :
        List.of("", "{", "[]", "{\"version\": 2}", "{\"version\": 1, \"digest\": \"x\"}")) {
      Files.createDirectories(file().getParent());
      Files.writeString(file(), damaged);
      assertThat(new UseRecords(cache).find(ENTRY)).as(damaged).isEmpty();
      used("a");
      assertThat(record().sources()).hasSize(1);
    }
  }

  @Test
  void whereItCannotBeWrittenItIsNot() throws IOException {
    Files.writeString(cache.resolve("uses"), "a file in the way");
    used("a");
    assertThat(new UseRecords(cache).find(ENTRY)).isEmpty();
  }
}
