package io.github.consistencydecoder.models.store.cache;

import io.github.consistencydecoder.formats.io.AtomicFiles;
import io.github.consistencydecoder.models.store.BundledCopy;
import io.github.consistencydecoder.models.store.ModelStore;
import io.github.consistencydecoder.models.store.cache.CacheItem.Kind;
import io.github.consistencydecoder.models.store.cache.CacheItem.State;
import io.github.consistencydecoder.models.store.cache.UseRecords.UseRecord.Source;
import io.github.consistencydecoder.models.store.digests.RememberedChecksum;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Looks at what a cache holds. What has no name that this program gives is neither listed nor ever
 * removed. Others may use and change the cache meanwhile; what vanishes is left out.
 *
 * <p>For one thread.
 */
public final class CacheContents {
  private static final Pattern PICTURE = Pattern.compile("[0-9a-f]{64}\\.golden");

  /** Folders of unpacked native libraries, by version and checksum. */
  private static final Pattern RUNTIME = Pattern.compile("onnxruntime-(.+)-[0-9a-f]{8}");

  /** Files of decodes in bands. */
  private static final Pattern SPILLED = Pattern.compile("consistency-decoder-[0-9]+\\.bands");

  /** Those are written in a moment, or have no name while they are in use. */
  private static final Duration TEMPORARY_AGE = Duration.ofHours(1);

  /** From unpacking a model or a library to opening it. */
  private static final Duration JUST_UNPACKED = Duration.ofSeconds(10);

  private final Path cache;
  private final EntryForm.Reader forms;
  private final CacheLocks locks;
  private final UseRecords records;
  private final ModelSources models;
  private final Instant now = Instant.now();
  private final List<CacheItem> items = new ArrayList<>();

  /** Copies of bundled models that entries are of: when they were used last, and now. */
  private record CopyUse(Path copy, Instant lastUse, boolean inUse) {}

  private final List<CopyUse> copyUses = new ArrayList<>();

  private CacheContents(Path cache, ModelStore store, EntryForm.Reader forms) throws IOException {
    this.cache = cache;
    this.forms = forms;
    this.locks = new CacheLocks(cache);
    this.records = new UseRecords(cache);
    this.models = new ModelSources(cache, store);
  }

  /**
   * What there is, the largest of each kind first; nothing if there is no such folder.
   *
   * @param cache its folder
   * @param store whose models have names
   * @param forms tells what entries are
   */
  public static List<CacheItem> of(Path cache, ModelStore store, EntryForm.Reader forms)
      throws IOException {
    if (!Files.exists(cache)) {
      return List.of();
    }
    CacheContents contents = new CacheContents(cache, store, forms);
    contents.addEntries();
    contents.addUnfinished();
    contents.addBundled();
    contents.addRuntimes();
    contents.addChecksums();
    contents.addPictures();
    contents.addTemporaryFiles();
    contents.items.sort(
        Comparator.comparing(CacheItem::kind)
            .thenComparing(Comparator.comparingLong(CacheItem::bytes).reversed())
            .thenComparing(CacheItem::path));
    return List.copyOf(contents.items);
  }

  private static List<Path> in(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(folder)) {
      return all.sorted().toList();
    }
  }

  private void addEntries() throws IOException {
    Set<String> names = new HashSet<>();
    for (Path entry : in(CacheNames.graphs(cache))) {
      if (CacheNames.ENTRY.matcher(CacheNames.of(entry)).matches()
          && Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
        names.add(CacheNames.of(entry));
        addEntry(entry);
      }
    }
    for (Path record : records.all()) {
      if (!names.contains(UseRecords.entry(record))) {
        addFile(Kind.LEFTOVER, record, State.LEFTOVER, "of an entry that is gone");
      }
    }
  }

  private void addEntry(Path entry) throws IOException {
    String name = CacheNames.of(entry);
    FileTree tree = FileTree.of(entry);
    EntryForm form;
    String digest;
    try {
      List<String> key = CacheManifest.key(entry);
      digest = key.isEmpty() ? "" : key.get(0).replaceFirst("^weights ", "");
      form = forms.read(key);
      if (form.fit() != EntryForm.Fit.STALE) {
        Optional<String> problem = problem(entry, key);
        if (problem.isPresent()) {
          form = new EntryForm(form.kind(), form.text(), EntryForm.Fit.STALE, problem.get());
        }
      }
    } catch (IOException e) {
      digest = "";
      form = new EntryForm(Kind.GRAPH, "", EntryForm.Fit.STALE, "without a readable manifest");
    }
    Optional<UseRecords.UseRecord> record = records.find(name);
    List<Source> sources =
        record
            .map(UseRecords.UseRecord::sources)
            .orElse(models.find(digest).map(List::of).orElse(List.of()));
    boolean inUse = locks.used(name);
    Instant lastUse = record.map(UseRecords.UseRecord::lastUse).orElse(tree.modified());
    for (Source source : sources) {
      for (BundledCopy copy : models.bundled()) {
        if (ModelSources.isIn(source, copy.folder())) {
          copyUses.add(new CopyUse(copy.folder(), lastUse, inUse));
        }
      }
    }
    String weights = digest;
    Optional<Source> there =
        sources.stream().filter(s -> models.gone(s, weights).isEmpty()).findFirst();
    State state = state(form.fit());
    String reason = form.reason();
    if (state != State.STALE && there.isEmpty() && !sources.isEmpty()) {
      state = State.ORPHAN;
      reason = models.gone(sources.get(0), weights).orElseThrow();
    }
    String model = there.or(() -> sources.stream().findFirst()).map(models::name).orElse("");
    items.add(
        new CacheItem(
            form.kind(),
            entry,
            tree.bytes(),
            lastUse,
            state,
            reason,
            model,
            digest,
            form.text(),
            inUse));
  }

  private static Optional<String> problem(Path entry, List<String> key) {
    if (!CacheManifest.name(String.join("\n", key)).equals(CacheNames.of(entry))) {
      return Optional.of("of another name");
    }
    try {
      return CacheManifest.problem(entry, String.join("\n", key));
    } catch (IOException e) {
      return Optional.of(e.getMessage());
    }
  }

  private static State state(EntryForm.Fit fit) {
    return switch (fit) {
      case USABLE -> State.KEPT;
      case ELSEWHERE -> State.ELSEWHERE;
      case STALE -> State.STALE;
    };
  }

  private void addUnfinished() throws IOException {
    for (Path folder : TemporaryFolder.all(cache)) {
      boolean left = TemporaryFolder.isLeft(cache, folder);
      FileTree tree = FileTree.of(folder);
      items.add(
          plain(
              Kind.LEFTOVER,
              folder,
              tree,
              left ? State.LEFTOVER : State.UNDER_WAY,
              left ? "never finished" : "being written or removed",
              "",
              !left));
    }
  }

  private void addBundled() throws IOException {
    for (BundledCopy copy : models.bundled()) {
      if (!Files.isDirectory(copy.folder(), LinkOption.NOFOLLOW_LINKS)) {
        continue;
      }
      FileTree tree = FileTree.of(copy.folder());
      boolean inUse = tree.modified().isAfter(now.minus(JUST_UNPACKED));
      Instant lastUse = tree.modified();
      for (CopyUse use : copyUses) {
        if (use.copy().equals(copy.folder())) {
          inUse |= use.inUse();
          lastUse = use.lastUse().isAfter(lastUse) ? use.lastUse() : lastUse;
        }
      }
      items.add(
          plain(
              Kind.MODEL,
              copy.folder(),
              new FileTree(tree.bytes(), lastUse),
              copy.current() ? State.KEPT : State.STALE,
              copy.current() ? "" : "of another version of the program",
              copy.id(),
              inUse));
    }
  }

  /** Another version's is stale; without a version of its own, or of this runtime, none is. */
  private void addRuntimes() throws IOException {
    for (Path folder : in(cache.resolve(CacheNames.NATIVE))) {
      Matcher name = RUNTIME.matcher(CacheNames.of(folder));
      if (!name.matches() || !Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
        continue;
      }
      FileTree tree = FileTree.of(folder);
      String reason =
          forms
              .runtime()
              .filter(version -> !List.of(version, "unknown").contains(name.group(1)))
              .map(version -> "of ONNX Runtime " + name.group(1) + ", this is " + version)
              .orElse("");
      boolean justUnpacked = tree.modified().isAfter(now.minus(JUST_UNPACKED));
      State state = reason.isEmpty() ? State.KEPT : State.STALE;
      items.add(plain(Kind.RUNTIME, folder, tree, state, reason, "", justUnpacked));
    }
  }

  private void addChecksums() throws IOException {
    for (RememberedChecksum checksum : models.checksums()) {
      State state =
          switch (checksum.state()) {
            case SAME -> State.KEPT;
            case CHANGED -> State.STALE;
            case GONE -> State.ORPHAN;
          };
      String reason =
          switch (checksum.state()) {
            case SAME -> "";
            case CHANGED -> checksum.file() + " has changed";
            case GONE -> checksum.file() + " is gone";
          };
      FileTree tree = FileTree.of(checksum.memory());
      items.add(
          plain(
              Kind.CHECKSUM,
              checksum.memory(),
              tree,
              state,
              reason,
              checksum.file().toString(),
              false));
    }
  }

  private void addPictures() throws IOException {
    for (Path file : in(cache.resolve("serve"))) {
      if (PICTURE.matcher(CacheNames.of(file)).matches()) {
        addFile(Kind.PICTURE, file, State.KEPT, "");
      }
    }
  }

  private void addTemporaryFiles() throws IOException {
    List<Path> folders = new ArrayList<>();
    folders.add(cache);
    folders.add(cache.resolve(CacheNames.USES));
    folders.add(cache.resolve("digests"));
    folders.add(cache.resolve("serve"));
    models.bundled().forEach(copy -> folders.add(copy.folder()));
    folders.addAll(in(cache.resolve(CacheNames.NATIVE)));
    for (Path folder : folders) {
      for (Path file : in(folder)) {
        String name = CacheNames.of(file);
        boolean temporary =
            AtomicFiles.isTemporary(Path.of(name))
                || (folder.equals(cache) && SPILLED.matcher(name).matches());
        if (temporary && isOld(file)) {
          addFile(Kind.LEFTOVER, file, State.LEFTOVER, "never finished");
        }
      }
    }
  }

  private boolean isOld(Path file) throws IOException {
    try {
      return Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS)
          .toInstant()
          .isBefore(now.minus(TEMPORARY_AGE));
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private void addFile(Kind kind, Path file, State state, String reason) throws IOException {
    items.add(plain(kind, file, FileTree.of(file), state, reason, "", false));
  }

  private static CacheItem plain(
      Kind kind,
      Path path,
      FileTree tree,
      State state,
      String reason,
      String model,
      boolean inUse) {
    return new CacheItem(
        kind, path, tree.bytes(), tree.modified(), state, reason, model, "", "", inUse);
  }
}
