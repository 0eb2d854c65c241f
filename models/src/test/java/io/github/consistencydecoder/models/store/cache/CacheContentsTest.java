package io.github.consistencydecoder.models.store.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.models.store.BundledCopy;
import io.github.consistencydecoder.models.store.cache.CacheItem.Kind;
import io.github.consistencydecoder.models.store.cache.CacheItem.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheContentsTest {
  private final Instant anHourAgo = Instant.now().minus(Duration.ofMinutes(90));
  private final Instant twoDaysAgo = Instant.now().minus(Duration.ofDays(2));

  @TempDir private Path folder;

  private CacheFixture fixture;

  @BeforeEach
  void nameTheCache() {
    fixture = new CacheFixture(folder);
  }

  @Test
  void noFolderIsAnEmptyCache() throws IOException {
    assertThat(fixture.items()).isEmpty();
    assertThat(fixture.cache()).doesNotExist();
  }

  @Test
  void anEntrySaysWhatItIsAndOfWhichModel() throws IOException {
    Path model = fixture.model("m.safetensors");
    Path entry = fixture.entry("sha256:a", "usable", model);
    CacheItem item = fixture.item(entry);
    assertThat(item.kind()).isEqualTo(Kind.WEIGHTS);
    assertThat(item.state()).isEqualTo(State.KEPT);
    assertThat(item.model()).isEqualTo(model.toString());
    assertThat(item.digest()).isEqualTo("sha256:a");
    assertThat(item.form()).isEqualTo("a form");
    assertThat(item.bytes()).isEqualTo(1000 + Files.size(entry.resolve("manifest.txt")));
    assertThat(item.lastUse())
        .isEqualTo(Files.getLastModifiedTime(fixture.record(entry)).toInstant());
    assertThat(item.inUse()).isFalse();
  }

  @Test
  void anEntryInUseSaysSo() throws IOException {
    Path entry = fixture.entry("sha256:a", "usable");
    CacheLocks.Held used = new CacheLocks(fixture.cache()).share(CacheNames.of(entry));
    assertThat(fixture.item(entry).inUse()).isTrue();
    used.close();
    assertThat(fixture.item(entry).inUse()).isFalse();
  }

  @Test
  void withoutARecordTheModelIsUnknownAndNothingIsWrongWithIt() throws IOException {
    Path entry = fixture.entry("sha256:a", "usable");
    assertThat(fixture.item(entry).model()).isEmpty();
    assertThat(fixture.item(entry).state()).isEqualTo(State.KEPT);
  }

  @Test
  void withoutARecordARememberedChecksumTellsTheModel() throws IOException {
    Path model = fixture.model("m.safetensors");
    CacheFixture.age(model, twoDaysAgo);
    String digest = fixture.digest(model);
    Path entry = fixture.entry(digest, "usable");
    assertThat(fixture.item(entry).model()).isEqualTo(model.toString());
  }

  @Test
  void whatTheReleaseCannotUseIsStaleAndWhatTheMachineCannotUseIsNot() throws IOException {
    CacheItem stale = fixture.item(fixture.entry("sha256:a", "stale"));
    assertThat(stale.state()).isEqualTo(State.STALE);
    assertThat(stale.reason()).isEqualTo("too old");
    CacheItem elsewhere = fixture.item(fixture.entry("sha256:a", "elsewhere"));
    assertThat(elsewhere.state()).isEqualTo(State.ELSEWHERE);
    assertThat(elsewhere.state().useless()).isFalse();
  }

  @Test
  void anEntryWithoutManifestOrUnderAnotherNameIsStale() throws IOException {
    Path without = fixture.entry("sha256:a", "usable");
    Files.delete(without.resolve("manifest.txt"));
    assertThat(fixture.item(without).state()).isEqualTo(State.STALE);

    Path entry = fixture.entry("sha256:b", "usable");
    Path moved = Files.move(entry, entry.resolveSibling("0123456789abcdef01234567"));
    assertThat(fixture.item(moved).state()).isEqualTo(State.STALE);
  }

  @Test
  void anEntryThatOpeningWouldNotTakeIsStale() throws IOException {
    Path shorter = fixture.entry("sha256:a", "usable");
    Files.write(shorter.resolve("model.weights"), new byte[999]);
    assertThat(fixture.item(shorter).state()).isEqualTo(State.STALE);
    assertThat(fixture.item(shorter).reason()).isEqualTo("model.weights has 999 bytes, not 1000");

    Path more = fixture.entry("sha256:b", "usable");
    Files.createFile(more.resolve("other"));
    assertThat(fixture.item(more).state()).isEqualTo(State.STALE);
    assertThat(fixture.item(more).reason()).isEqualTo("its files are [model.weights, other]");
  }

  @Test
  void anotherRuntimesLibraryIsStaleAndGoesAndThisOnesStays() throws IOException {
    Path current = fixture.runtime("onnxruntime-9.9.9-0123abcd");
    Path unknown = fixture.runtime("onnxruntime-unknown-0123abcd");
    Path older = fixture.runtime("onnxruntime-9.9.8-0123abcd");
    Path foreign = fixture.runtime("mine");
    for (Path kept : List.of(current, unknown)) {
      assertThat(fixture.item(kept).kind()).isEqualTo(Kind.RUNTIME);
      assertThat(fixture.item(kept).state()).isEqualTo(State.KEPT);
      assertThat(fixture.item(kept).inUse()).isTrue();
    }
    assertThat(fixture.item(older).state()).isEqualTo(State.STALE);
    assertThat(fixture.item(older).bytes()).isEqualTo(5);
    assertThat(fixture.item(older).reason()).isEqualTo("of ONNX Runtime 9.9.8, this is 9.9.9");
    assertThat(fixture.items()).extracting(CacheItem::path).doesNotContain(foreign);

    CacheCleaning cleaning = new CacheCleaning(fixture.cache());
    assertThat(cleaning.remove(fixture.item(older))).isEqualTo(CacheCleaning.Outcome.IN_USE);
    CacheFixture.age(older, twoDaysAgo);
    assertThat(cleaning.remove(fixture.item(older))).isEqualTo(CacheCleaning.Outcome.REMOVED);
    assertThat(older).doesNotExist();
  }

  @Test
  void anEntryIsAnOrphanWhenItsModelIsGoneFromEverywhere() throws IOException {
    Path first = fixture.model("first.safetensors");
    Path second = fixture.model("second.safetensors");
    Path entry = fixture.entry("sha256:a", "usable", first);
    fixture.entry("sha256:a", "usable", second);
    Files.delete(second);
    assertThat(fixture.item(entry).state()).isEqualTo(State.KEPT);
    assertThat(fixture.item(entry).model()).isEqualTo(first.toString());

    Files.delete(first);
    assertThat(fixture.item(entry).state()).isEqualTo(State.ORPHAN);
    assertThat(fixture.item(entry).reason()).isEqualTo(second + " is gone");
  }

  @Test
  void anEntryIsAnOrphanWhenItsModelHasOtherWeightsNow() throws IOException {
    Path model = fixture.model("m.safetensors");
    CacheFixture.age(model, twoDaysAgo);
    Path same = fixture.entry(fixture.digest(model), "usable", model);
    Path other = fixture.entry("sha256:a", "usable", model);
    assertThat(fixture.item(same).state()).isEqualTo(State.KEPT);
    assertThat(fixture.item(other).state()).isEqualTo(State.ORPHAN);
    assertThat(fixture.item(other).reason()).isEqualTo(model + " holds other weights now");
  }

  @Test
  void copiesOfOtherVersionsBundledModelsAreStaleAndTheirEntriesOrphans() throws IOException {
    BundledCopy current = BundledCopy.in(fixture.cache()).get(0);
    Path file = Files.createDirectories(current.folder()).resolve("weights");
    Files.writeString(file, "weights");
    Path mine = fixture.entry("sha256:a", "usable", file);
    Path old = current.folder().resolveSibling(current.id() + "-0123456789abcdef");
    Path oldFile = Files.createDirectories(old).resolve("weights");
    Files.writeString(oldFile, "older");
    Path theirs = fixture.entry("sha256:b", "usable", oldFile);

    assertThat(fixture.item(current.folder()).state()).isEqualTo(State.KEPT);
    assertThat(fixture.item(mine).state()).isEqualTo(State.KEPT);
    assertThat(fixture.item(mine).model()).isEqualTo(current.id());
    assertThat(fixture.item(old).state()).isEqualTo(State.STALE);
    assertThat(fixture.item(theirs).state()).isEqualTo(State.ORPHAN);

    // It will be unpacked again.
    FileTree.delete(current.folder());
    assertThat(fixture.item(mine).state()).isEqualTo(State.KEPT);
  }

  @Test
  void aBundledModelIsInUseWithItsEntriesAndJustAfterItWasUnpacked() throws IOException {
    Path copy = BundledCopy.in(fixture.cache()).get(0).folder();
    Path file = Files.createDirectories(copy).resolve("weights");
    Files.writeString(file, "weights");
    assertThat(fixture.item(copy).inUse()).isTrue();

    CacheFixture.age(copy, twoDaysAgo);
    assertThat(fixture.item(copy).inUse()).isFalse();
    assertThat(fixture.item(copy).lastUse()).isBefore(anHourAgo);

    Path entry = fixture.entry("sha256:a", "usable", file);
    assertThat(fixture.item(copy).lastUse()).isAfter(anHourAgo);
    CacheLocks.Held used = new CacheLocks(fixture.cache()).share(CacheNames.of(entry));
    assertThat(fixture.item(copy).inUse()).isTrue();
    used.close();
  }

  @Test
  void whatAProcessDidNotFinishIsToldFromWhatOneIsWriting() throws IOException {
    Path dead;
    try (TemporaryFolder building = TemporaryFolder.building(fixture.cache())) {
      dead = building.path();
    }
    Path unlocked = Files.createDirectory(dead.resolveSibling(".building-123"));
    try (TemporaryFolder building = TemporaryFolder.building(fixture.cache())) {
      assertThat(fixture.item(building.path()).state()).isEqualTo(State.UNDER_WAY);
    }
    assertThat(fixture.item(dead).state()).isEqualTo(State.LEFTOVER);
    assertThat(fixture.item(unlocked).state()).isEqualTo(State.UNDER_WAY);
    CacheFixture.age(unlocked, twoDaysAgo);
    assertThat(fixture.item(unlocked).state()).isEqualTo(State.LEFTOVER);
  }

  @Test
  void oldTemporaryFilesAndRecordsOfNothingAreLeftovers() throws IOException {
    Path digests = Files.createDirectories(fixture.cache().resolve("digests"));
    Path old = digests.resolve(".a.json.01234567-89ab-cdef-0123-456789abcdef.tmp");
    Files.writeString(old, "half");
    CacheFixture.age(old, anHourAgo);
    Path young = digests.resolve(".b.json.01234567-89ab-cdef-0123-456789abcdef.tmp");
    Files.writeString(young, "half");
    Path spilled = fixture.cache().resolve("consistency-decoder-123.bands");
    Files.writeString(spilled, "tensors");
    CacheFixture.age(spilled, anHourAgo);
    Path entry = fixture.entry("sha256:a", "usable", fixture.model("m"));
    FileTree.delete(entry);

    assertThat(fixture.items())
        .allMatch(i -> i.state() == State.LEFTOVER)
        .extracting(CacheItem::path)
        .containsExactlyInAnyOrder(old, spilled, fixture.record(entry));
  }

  @Test
  void checksumsCountNoMoreWhenTheirFileIsGoneOrChanged() throws IOException {
    for (String name : List.of("same", "changed", "gone")) {
      Path model = fixture.model(name);
      CacheFixture.age(model, twoDaysAgo);
    }
    for (String name : List.of("same", "changed", "gone")) {
      fixture.digest(folder.toRealPath().resolve(name));
    }
    Files.writeString(folder.resolve("changed"), "other");
    Files.delete(folder.resolve("gone"));
    assertThat(fixture.items())
        .allMatch(i -> i.kind() == Kind.CHECKSUM)
        .extracting(i -> Path.of(i.model()).getFileName() + " " + i.state())
        .containsExactlyInAnyOrder("same KEPT", "changed STALE", "gone ORPHAN");
  }

  @Test
  void strangersAreNotListed() throws IOException {
    Path graphs = Files.createDirectories(fixture.cache().resolve("graphs"));
    Files.createDirectory(graphs.resolve("notes"));
    Files.writeString(graphs.resolve("0123456789abcdef01234567"), "a file, not an entry");
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Files.createSymbolicLink(graphs.resolve("89abcdef0123456701234567"), elsewhere);
    Files.writeString(fixture.cache().resolve("README"), "mine");
    Files.createDirectories(fixture.cache().resolve("serve"));
    Files.writeString(fixture.cache().resolve("serve").resolve("x.golden"), "mine");
    assertThat(fixture.items()).isEmpty();
  }
}
