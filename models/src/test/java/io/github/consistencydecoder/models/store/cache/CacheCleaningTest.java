package io.github.consistencydecoder.models.store.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.models.store.cache.CacheCleaning.Outcome;
import io.github.consistencydecoder.models.store.cache.CacheCleaning.Rule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheCleaningTest {
  private static final Rule USELESS = new Rule(false, Optional.empty());
  private static final Rule ALL = new Rule(true, Optional.empty());

  @TempDir private Path folder;

  private CacheFixture fixture;
  private CacheCleaning cleaning;

  @BeforeEach
  void nameTheCache() {
    fixture = new CacheFixture(folder);
    cleaning = new CacheCleaning(fixture.cache());
  }

  private boolean takes(Rule rule, CacheItem item) {
    return rule.takes(item, Instant.now());
  }

  @Test
  void onlyWhatIsOfNoUseIsTakenUnlessMoreIsAskedFor() throws IOException {
    CacheItem kept = fixture.item(fixture.entry("sha256:a", "usable"));
    CacheItem elsewhere = fixture.item(fixture.entry("sha256:a", "elsewhere"));
    CacheItem stale = fixture.item(fixture.entry("sha256:a", "stale"));
    assertThat(List.of(kept, elsewhere, stale))
        .extracting(i -> takes(USELESS, i))
        .containsExactly(false, false, true);
    assertThat(List.of(kept, elsewhere, stale)).allMatch(i -> takes(ALL, i));
  }

  @Test
  void whatWasNotUsedForSoLongIsTakenAndSmallThingsAreNot() throws IOException {
    Instant threeDaysAgo = Instant.now().minus(Duration.ofDays(3));
    Path entry = fixture.entry("sha256:a", "usable", fixture.model("m"));
    CacheFixture.age(entry, threeDaysAgo);
    Path picture =
        Files.createDirectories(fixture.cache().resolve("serve"))
            .resolve("01".repeat(32) + ".golden");
    Files.writeString(picture, "picture");
    CacheFixture.age(picture, threeDaysAgo);
    Rule rule = new Rule(false, Optional.of(Duration.ofDays(2)));

    // Its record says that it was used just now, whatever its files' age.
    assertThat(takes(rule, fixture.item(entry))).isFalse();
    CacheFixture.age(fixture.record(entry), threeDaysAgo);
    assertThat(takes(rule, fixture.item(entry))).isTrue();
    assertThat(takes(rule, fixture.item(picture))).isFalse();
    assertThat(takes(ALL, fixture.item(picture))).isTrue();
  }

  @Test
  void anEntryGoesWithItsRecordAndNothingElseDoes() throws IOException {
    Path entry = fixture.entry("sha256:a", "usable", fixture.model("m"));
    Path other = fixture.entry("sha256:b", "usable", fixture.model("n"));
    CacheItem item = fixture.item(entry);
    assertThat(cleaning.remove(item)).isEqualTo(Outcome.REMOVED);
    assertThat(entry).doesNotExist();
    assertThat(fixture.record(entry)).doesNotExist();
    assertThat(fixture.items()).extracting(CacheItem::path).containsExactly(other);
    assertThat(folder.resolve("m")).exists();
    assertThat(cleaning.remove(item)).isEqualTo(Outcome.GONE);
  }

  @Test
  void anEntryThatCameIntoUseAfterItWasListedStays() throws IOException {
    Path entry = fixture.entry("sha256:a", "stale", fixture.model("m"));
    CacheItem item = fixture.item(entry);
    CacheLocks.Held used = new CacheLocks(fixture.cache()).share(CacheNames.of(entry));
    assertThat(cleaning.remove(item)).isEqualTo(Outcome.IN_USE);
    assertThat(entry.resolve("model.weights")).exists();
    assertThat(fixture.record(entry)).exists();
    used.close();
    assertThat(cleaning.remove(item)).isEqualTo(Outcome.REMOVED);
  }

  @Test
  void whatIsBeingWrittenStays() throws IOException {
    Path left;
    try (TemporaryFolder building = TemporaryFolder.building(fixture.cache())) {
      left = building.path();
      Files.writeString(left.resolve("derived.weights"), "half");
      assertThat(cleaning.remove(fixture.item(left))).isEqualTo(Outcome.IN_USE);
      assertThat(left.resolve("derived.weights")).exists();
    }
    assertThat(cleaning.remove(fixture.item(left))).isEqualTo(Outcome.REMOVED);
    assertThat(left).doesNotExist();
  }

  @Test
  void linksInAnEntryAreRemovedNotFollowed() throws IOException {
    Path precious = fixture.model("precious");
    Path entry = fixture.entry("sha256:a", "stale");
    Files.createSymbolicLink(entry.resolve("link"), precious);
    Files.createSymbolicLink(entry.resolve("folder"), folder);
    assertThat(cleaning.remove(fixture.item(entry))).isEqualTo(Outcome.REMOVED);
    assertThat(precious).exists();
  }
}
