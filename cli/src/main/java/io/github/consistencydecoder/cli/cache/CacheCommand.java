package io.github.consistencydecoder.cli.cache;

import io.github.consistencydecoder.cli.options.CommonOptions;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.formats.io.ByteSizes;
import io.github.consistencydecoder.models.store.cache.CacheItem;
import io.github.consistencydecoder.models.store.cache.CacheItem.Kind;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
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
}
