package io.github.consistencydecoder.cli.models;

import io.github.consistencydecoder.cli.options.CommonOptions;
import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.cli.shell.Failure;
import io.github.consistencydecoder.formats.io.ByteSizes;
import io.github.consistencydecoder.models.store.cache.CacheCleaning;
import io.github.consistencydecoder.models.store.cache.CacheCleaning.Outcome;
import io.github.consistencydecoder.models.store.cache.CacheItem;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cache clean}. */
@Command(
    name = "clean",
    description = {
      "Remove what is stale, orphaned or was never finished. What a process has open or is writing",
      "stays; everything that is removed is made again when it is needed."
    },
    footer = {"", "Exits with 1 if something could not be removed."})
final class CacheCleanCommand implements Callable<Integer> {
  @ArgGroup private More more = new More();

  @Option(names = "--dry-run", description = "Remove nothing, say what would be removed.")
  private boolean dryRun;

  @Mixin private CacheCommand.CacheOptions cache;
  @Mixin private CommonOptions common;
  @Spec private CommandSpec spec;

  /** One of two ways to remove more. */
  static final class More {
    @Option(names = "--all", description = "Remove everything that is kept.")
    private boolean all;

    @Option(
        names = "--unused-for",
        paramLabel = "TIME",
        description = {
          "Also remove weights, graphs and unpacked models that were not used for so long, such as",
          "30d, 12h or 8w."
        })
    private String unusedFor;
  }

  @Override
  public Integer call() throws IOException {
    Console console = common.console(spec.commandLine());
    CacheCleaning.Rule rule =
        new CacheCleaning.Rule(
            more.all, Optional.ofNullable(more.unusedFor).map(UnusedTime::parse));
    Instant now = Instant.now();
    List<CacheItem> removed = new ArrayList<>();
    List<CacheItem> inUse = new ArrayList<>();
    List<CacheItem> failed = new ArrayList<>();
    for (CacheItem item : cache.items()) {
      if (rule.takes(item, now)) {
        switch (remove(console, item, failed)) {
          case REMOVED -> {
            removed.add(item);
            console.result(
                (dryRun ? "would remove " : "removed ") + CacheCommand.CacheLines.first(item));
          }
          case IN_USE -> {
            inUse.add(item);
            console.note(item.path() + ": a process is using it; it stays");
          }
          case GONE -> {}
        }
      }
    }
    long bytes = CacheCommand.CacheLines.bytes(removed);
    console.result((dryRun ? "would free " : "freed ") + ByteSizes.text(bytes));
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("cache", cache.folder().toString());
    document.put("dry_run", dryRun);
    document.put("removed", removed.stream().map(CacheCommand.CacheLines::document).toList());
    document.put("in_use", inUse.stream().map(CacheCommand.CacheLines::document).toList());
    document.put("failed", failed.stream().map(CacheCommand.CacheLines::document).toList());
    document.put("freed_bytes", bytes);
    console.document(document);
    return failed.isEmpty() ? ExitCode.OK : ExitCode.FAILED;
  }

  private Outcome remove(Console console, CacheItem item, List<CacheItem> failed) {
    if (dryRun) {
      return item.inUse() ? Outcome.IN_USE : Outcome.REMOVED;
    }
    try {
      return new CacheCleaning(cache.folder()).remove(item);
    } catch (IOException e) {
      failed.add(item);
      console.error(Failure.of(item.path() + ": cannot be removed", ExitCode.FAILED, e));
      return Outcome.GONE;
    }
  }

  /** How long something has lain unused, as it is typed: {@code 30d}. */
  private static final class UnusedTime {
    private static final Pattern FORM = Pattern.compile("([0-9]{1,5})([mhdw])");

    private static final int DAYS_OF_WEEK = 7;

    private UnusedTime() {}

    static Duration parse(String text) {
      Matcher found = FORM.matcher(text);
      if (!found.matches()) {
        throw new CliException(
            ExitCode.USAGE,
            "--unused-for "
                + text
                + ": a whole number and m, h, d or w (minutes to weeks) is needed, such as 30d");
      }
      int number = Integer.parseInt(found.group(1));
      return switch (found.group(2)) {
        case "m" -> Duration.ofMinutes(number);
        case "h" -> Duration.ofHours(number);
        case "d" -> Duration.ofDays(number);
        default -> Duration.ofDays((long) DAYS_OF_WEEK * number);
      };
    }
  }
}
