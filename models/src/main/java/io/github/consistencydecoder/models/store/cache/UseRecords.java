package io.github.consistencydecoder.models.store.cache;

import io.github.consistencydecoder.formats.io.AtomicFiles;
import io.github.consistencydecoder.models.store.cache.UseRecords.UseRecord.Source;
import io.github.consistencydecoder.models.store.catalogue.JsonFields;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * For each entry a small JSON file that says of which model it is and, by its own modification
 * time, when it was last used. It lies beside the entries, not in them, so that an entry never
 * changes. What cannot be written is not, and a damaged record is as if there were none: it is
 * written again at the next use.
 *
 * <pre>
 * {"version": 1, "digest": "sha256:..", "sources": [{"model": "/a/folder", "files": ["/a/folder/b.safetensors"]}]}
 * </pre>
 */
public final class UseRecords {
  private static final Logger LOG = LoggerFactory.getLogger(UseRecords.class);

  private static final int VERSION = 1;
  private static final String ENDING = ".json";

  /** Places of the same weights that are remembered. */
  private static final int MOST_SOURCES = 8;

  private final Path folder;

  /**
   * The records of a cache.
   *
   * @param cache its folder, which need not exist
   */
  public UseRecords(Path cache) {
    this.folder = cache.resolve(CacheNames.USES);
  }

  /**
   * Notes that an entry is used now.
   *
   * @param entry its name
   * @param digest of the weights
   * @param model file or folder that was opened
   * @param files that hold its tensors, real paths
   */
  public void used(String entry, String digest, Path model, List<Path> files) {
    try {
      Source source = new Source(model.toAbsolutePath().normalize(), files);
      Optional<UseRecord> known = find(entry).filter(r -> r.digest().equals(digest));
      List<Source> sources = new ArrayList<>(List.of(source));
      known.ifPresent(
          r -> r.sources().stream().filter(s -> !s.equals(source)).forEach(sources::add));
      if (known.isPresent() && known.get().sources().get(0).equals(source)) {
        Files.setLastModifiedTime(file(entry), FileTime.from(Instant.now()));
      } else {
        AtomicFiles.write(file(entry), text(digest, sources));
      }
    } catch (IOException e) {
      LOG.debug("the use of {} cannot be noted", entry, e);
    }
  }

  private static byte[] text(String digest, List<Source> sources) {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("version", VERSION);
    document.put("digest", digest);
    List<Map<String, Object>> list = new ArrayList<>();
    for (Source source : sources.subList(0, Math.min(sources.size(), MOST_SOURCES))) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("model", source.model().toString());
      one.put("files", source.files().stream().map(Path::toString).toList());
      list.add(one);
    }
    document.put("sources", list);
    return JsonFields.write(document);
  }

  /** What is known of an entry's use. */
  Optional<UseRecord> find(String entry) {
    Path file = file(entry);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try {
      JsonFields document = JsonFields.parse(file.toString(), Files.readAllBytes(file));
      List<Source> sources = new ArrayList<>();
      for (JsonFields source : document.objects("sources")) {
        sources.add(
            new Source(
                Path.of(source.text("model")),
                source.texts("files").stream().map(Path::of).toList()));
      }
      String digest = document.text("digest");
      boolean sound =
          document.count("version") == VERSION
              && !sources.isEmpty()
              && sources.stream().noneMatch(s -> s.files().isEmpty());
      return sound
          ? Optional.of(new UseRecord(digest, sources, Files.getLastModifiedTime(file).toInstant()))
          : Optional.empty();
    } catch (IOException | InvalidPathException e) {
      LOG.debug("ignoring the damaged record {}", file, e);
      return Optional.empty();
    }
  }

  /** Forgets an entry. */
  void forget(String entry) throws IOException {
    Files.deleteIfExists(file(entry));
  }

  /** The records that there are, damaged ones included. */
  List<Path> all() throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(f -> CacheNames.ENTRY.matcher(entry(f)).matches())
          .filter(f -> CacheNames.of(f).endsWith(ENDING))
          .sorted()
          .toList();
    }
  }

  /** Name of the entry that a record is of. */
  static String entry(Path record) {
    String name = CacheNames.of(record);
    return name.endsWith(ENDING) ? name.substring(0, name.length() - ENDING.length()) : name;
  }

  private Path file(String entry) {
    return folder.resolve(entry + ENDING);
  }

  /**
   * What is known of an entry's use.
   *
   * @param digest of the weights
   * @param sources where those weights were when the entry was used, the last use first
   * @param lastUse when
   */
  record UseRecord(String digest, List<Source> sources, Instant lastUse) {
    UseRecord {
      sources = List.copyOf(sources);
    }

    /**
     * A model as it was opened.
     *
     * @param model file or folder, absolute
     * @param files that hold its tensors, real paths
     */
    record Source(Path model, List<Path> files) {
      Source {
        files = List.copyOf(files);
      }
    }
  }
}
