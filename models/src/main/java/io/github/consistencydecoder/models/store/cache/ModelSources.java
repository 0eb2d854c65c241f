package io.github.consistencydecoder.models.store.cache;

import io.github.consistencydecoder.models.store.BundledCopy;
import io.github.consistencydecoder.models.store.ModelStore;
import io.github.consistencydecoder.models.store.StoredModel;
import io.github.consistencydecoder.models.store.cache.UseRecords.UseRecord.Source;
import io.github.consistencydecoder.models.store.catalogue.CatalogueEntry;
import io.github.consistencydecoder.models.store.digests.ModelDigests;
import io.github.consistencydecoder.models.store.digests.RememberedChecksum;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Finds the models that entries belong to, and whether those are still there. Reads no model. */
final class ModelSources {
  private static final String DIGEST = "sha256:";

  private final List<BundledCopy> bundled;
  private final List<RememberedChecksum> checksums;
  private final Map<Path, RememberedChecksum> byFile = new HashMap<>();
  private final Map<Path, String> names = new HashMap<>();

  /**
   * Looks at what there is.
   *
   * @param cache its folder
   * @param store whose models have names
   */
  ModelSources(Path cache, ModelStore store) throws IOException {
    this.bundled = BundledCopy.in(cache);
    this.checksums = ModelDigests.remembered(cache);
    for (RememberedChecksum checksum : checksums) {
      byFile.put(checksum.file(), checksum);
    }
    for (StoredModel model : store.list()) {
      CatalogueEntry entry = model.entry();
      if (!entry.bundled()) {
        names.put(model.path(), entry.id());
      }
    }
  }

  List<BundledCopy> bundled() {
    return bundled;
  }

  List<RememberedChecksum> checksums() {
    return checksums;
  }

  /** A model as a person would call it. */
  String name(Source source) {
    Optional<BundledCopy> copy = copy(source);
    if (copy.isPresent()) {
      return copy.get().id();
    }
    return names.entrySet().stream()
        .filter(stored -> source.model().startsWith(stored.getKey()))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse(source.model().toString());
  }

  /** Where weights are that no record tells of: a file of that checksum that has not changed. */
  Optional<Source> find(String digest) {
    return checksums.stream()
        .filter(c -> c.state() == RememberedChecksum.State.SAME)
        .filter(c -> digest.equals(DIGEST + c.sha256()))
        .map(RememberedChecksum::file)
        .map(file -> new Source(file, List.of(file)))
        .findFirst();
  }

  /** What became of a model whose weights had a digest; empty if it is there, or will be again. */
  Optional<String> gone(Source source, String digest) {
    Optional<BundledCopy> copy = copy(source);
    if (copy.isPresent()) {
      return copy.get().current()
          ? Optional.empty()
          : Optional.of("of another version's bundled model");
    }
    for (Path file : source.files()) {
      // A file in a folder that is not ours to look into is not gone.
      if (Files.notExists(file)) {
        return Optional.of(source.model() + " is gone");
      }
    }
    return replaced(source, digest)
        ? Optional.of(source.model() + " holds other weights now")
        : Optional.empty();
  }

  private boolean replaced(Source source, String digest) {
    if (source.files().size() != 1) {
      return false;
    }
    RememberedChecksum checksum = byFile.get(source.files().get(0));
    return checksum != null
        && checksum.state() == RememberedChecksum.State.SAME
        && !digest.equals(DIGEST + checksum.sha256());
  }

  /** Whether a model is a bundled one's copy. */
  static boolean isIn(Source source, Path copy) {
    return source.files().stream()
        .anyMatch(
            f ->
                f.getNameCount() > 2
                    && f.getParent().getFileName().equals(copy.getFileName())
                    && f.getParent().getParent().endsWith(CacheNames.BUNDLED));
  }

  private Optional<BundledCopy> copy(Source source) {
    return bundled.stream().filter(copy -> isIn(source, copy.folder())).findFirst();
  }
}
