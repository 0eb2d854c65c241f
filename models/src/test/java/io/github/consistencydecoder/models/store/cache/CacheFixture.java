package io.github.consistencydecoder.models.store.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.models.store.ModelStore;
import io.github.consistencydecoder.models.store.cache.EntryForm.Fit;
import io.github.consistencydecoder.models.store.digests.ModelDigests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A cache with entries whose second line of the key says how they fit: {@code usable}, {@code
 * elsewhere} or {@code stale}.
 *
 * @param folder of everything
 */
record CacheFixture(Path folder) {
  Path cache() {
    return folder.resolve("cache");
  }

  /** A library of 5 bytes, just unpacked. */
  Path runtime(String name) throws IOException {
    Path folder = Files.createDirectories(cache().resolve("native").resolve(name));
    Files.writeString(folder.resolve("library"), "bytes");
    return folder;
  }

  /** As if the runtime were 9.9.9. */
  private static final class Forms implements EntryForm.Reader {
    @Override
    public EntryForm read(List<String> key) {
      return form(key);
    }

    @Override
    public Optional<String> runtime() {
      return Optional.of("9.9.9");
    }
  }

  private static EntryForm form(List<String> key) {
    return switch (key.get(1)) {
      case "usable" -> new EntryForm(CacheItem.Kind.WEIGHTS, "a form", Fit.USABLE, "");
      case "elsewhere" -> new EntryForm(CacheItem.Kind.GRAPH, "a form", Fit.ELSEWHERE, "not here");
      default -> new EntryForm(CacheItem.Kind.GRAPH, "a form", Fit.STALE, "too old");
    };
  }

  /** An entry of 1000 bytes and its manifest. */
  Path entry(String digest, String fit) throws IOException {
    String key = "weights " + digest + "\n" + fit;
    Path entry = cache().resolve("graphs").resolve(CacheManifest.name(key));
    Files.createDirectories(entry);
    Files.write(entry.resolve("model.weights"), new byte[1000]);
    CacheManifest.write(entry, key);
    return entry;
  }

  /** The same, used with a model's file. */
  Path entry(String digest, String fit, Path model) throws IOException {
    Path entry = entry(digest, fit);
    new UseRecords(cache()).used(CacheNames.of(entry), digest, model, List.of(model));
    return entry;
  }

  /** Of a model's file, once that has been left alone for long enough to be remembered. */
  String digest(Path model) throws IOException {
    String digest;
    do {
      digest = ModelDigests.of(List.of(model), cache());
    } while (ModelDigests.remembered(cache()).stream().noneMatch(c -> c.file().equals(model)));
    return digest;
  }

  Path record(Path entry) {
    return cache().resolve("uses").resolve(CacheNames.of(entry) + ".json");
  }

  Path model(String name) throws IOException {
    return Files.writeString(folder.toRealPath().resolve(name), name);
  }

  List<CacheItem> items() throws IOException {
    return CacheContents.of(cache(), ModelStore.at(folder.resolve("store")), new Forms());
  }

  CacheItem item(Path path) throws IOException {
    List<CacheItem> found = items().stream().filter(i -> i.path().equals(path)).toList();
    assertThat(found).as("items %s", items()).hasSize(1);
    return found.get(0);
  }

  /** Makes a file or a folder and what is in it look old. */
  static void age(Path path, Instant time) throws IOException {
    List<Path> all;
    try (Stream<Path> walk = Files.walk(path)) {
      all = walk.toList();
    }
    for (Path one : all) {
      Files.setLastModifiedTime(one, FileTime.from(time));
    }
  }
}
