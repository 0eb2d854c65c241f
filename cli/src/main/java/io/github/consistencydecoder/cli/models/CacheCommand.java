package io.github.consistencydecoder.cli.models;

import io.github.consistencydecoder.cli.options.CommonOptions;
import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.core.runtime.graphs.EntryForms;
import io.github.consistencydecoder.formats.io.ByteSizes;
import io.github.consistencydecoder.models.store.ModelStore;
import io.github.consistencydecoder.models.store.cache.CacheContents;
import io.github.consistencydecoder.models.store.cache.CacheItem;
import io.github.consistencydecoder.models.store.cache.CacheItem.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cache}: lists what is kept. */
@Command(
    name = "cache",
    description = "List what is kept to make later starts quick.",
    footer = {
      "",
      "Each line: kind, size, last use, name. stale: this release cannot use it; orphan: the"
          + " model's",
      "file is gone or has other weights now; leftover: never finished. 'cache clean' removes"
          + " those."
    },
    subcommands = {CacheCleanCommand.class, CacheVerifyCommand.class})
public final class CacheCommand implements Callable<Integer> {
  @Mixin private CacheOptions cache;
  @Mixin private CommonOptions common;
  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Console console = common.console(spec.commandLine());
    List<CacheItem> items = cache.items();
    for (CacheItem item : items) {
      if (!small(item.kind())) {
        console.result(CacheLines.first(item));
        String second = CacheLines.second(item);
        if (!second.isEmpty()) {
          console.result(second);
        }
      }
    }
    summary(console, items, Kind.CHECKSUM, "checksums of files");
    summary(console, items, Kind.PICTURE, "test pictures of services");
    long all = CacheLines.bytes(items);
    List<CacheItem> useless = items.stream().filter(item -> item.state().useless()).toList();
    long free = CacheLines.bytes(useless);
    console.result(
        "total "
            + ByteSizes.text(all)
            + " in "
            + cache.folder()
            + (useless.isEmpty() ? "" : "; 'cache clean' frees " + ByteSizes.text(free)));
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("cache", cache.folder().toString());
    document.put("items", items.stream().map(CacheLines::document).toList());
    document.put("bytes", all);
    document.put("cleanable_bytes", free);
    console.document(document);
    return ExitCode.OK;
  }

  /** Whether there are many of them that take next to nothing. */
  private static boolean small(Kind kind) {
    return kind == Kind.CHECKSUM || kind == Kind.PICTURE;
  }

  private static void summary(Console console, List<CacheItem> items, Kind kind, String what) {
    List<CacheItem> some = items.stream().filter(item -> item.kind() == kind).toList();
    if (some.isEmpty()) {
      return;
    }
    long useless = some.stream().filter(item -> item.state().useless()).count();
    console.result(
        what
            + ": "
            + some.size()
            + ", "
            + ByteSizes.text(CacheLines.bytes(some))
            + (useless == 0 ? "" : "; " + useless + " count no more"));
  }

  /** Things of a cache as lines for a person and as documents. */
  static final class CacheLines {
    /** A digest's beginning, which is enough to tell models apart. */
    private static final int DIGEST_CHARACTERS = "sha256:".length() + 12;

    private static final DateTimeFormatter TIME =
        DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm", Locale.ROOT)
            .withZone(ZoneId.systemDefault());

    private CacheLines() {}

    /** What it is and what is to be said of it. */
    static String first(CacheItem item) {
      return String.format(
          Locale.ROOT,
          "%-8s %9s  %s  %s%s",
          item.kind().id(),
          ByteSizes.text(item.bytes()),
          TIME.format(item.lastUse()),
          item.name(),
          remarks(item));
    }

    private static String remarks(CacheItem item) {
      List<String> remarks = new ArrayList<>();
      if (item.inUse()) {
        remarks.add("in use");
      }
      switch (item.state()) {
        case KEPT -> {}
        // Their reasons say it all.
        case ELSEWHERE, UNDER_WAY -> remarks.add(item.reason());
        case STALE, ORPHAN, LEFTOVER -> remarks.add(item.state().id() + " (" + item.reason() + ")");
      }
      return remarks.isEmpty() ? "" : "  " + String.join(", ", remarks);
    }

    /** Which model it is of; empty if that would say nothing. */
    static String second(CacheItem item) {
      if (item.kind() == Kind.LEFTOVER || item.kind() == Kind.RUNTIME) {
        return "";
      }
      List<String> parts = new ArrayList<>();
      parts.add(item.model().isEmpty() ? "of an unknown model" : "of " + item.model());
      if (!item.digest().isEmpty()) {
        parts.add(
            item.digest().length() > DIGEST_CHARACTERS
                ? item.digest().substring(0, DIGEST_CHARACTERS)
                : item.digest());
      }
      if (!item.form().isEmpty()) {
        parts.add(item.form());
      }
      return "    " + String.join("; ", parts);
    }

    static Map<String, Object> document(CacheItem item) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("kind", item.kind().id());
      map.put("path", item.path().toString());
      map.put("bytes", item.bytes());
      map.put("last_used", item.lastUse().toString());
      map.put("state", item.state().id());
      map.put("reason", item.reason());
      map.put("model", item.model().isEmpty() ? null : item.model());
      map.put("digest", item.digest().isEmpty() ? null : item.digest());
      map.put("form", item.form().isEmpty() ? null : item.form());
      map.put("in_use", item.inUse());
      return map;
    }

    static long bytes(List<CacheItem> items) {
      return items.stream().mapToLong(CacheItem::bytes).sum();
    }
  }

  /** Which cache. */
  static final class CacheOptions {
    @Option(
        names = "--cache",
        paramLabel = "FOLDER",
        description = "The folder, as for 'decode'. Default: what 'doctor' says.")
    private Path cache;

    /** The folder, absolute; it may not exist. */
    Path folder() {
      Path folder =
          cache == null ? ModelStore.standard().cacheFolder() : cache.toAbsolutePath().normalize();
      if (Files.exists(folder) && !Files.isDirectory(folder)) {
        throw new CliException(ExitCode.FAILED, folder + ": a folder is needed, this is none");
      }
      return folder;
    }

    /** What is in it. */
    List<CacheItem> items() throws IOException {
      return CacheContents.of(folder(), ModelStore.standard(), EntryForms.here());
    }
  }
}
