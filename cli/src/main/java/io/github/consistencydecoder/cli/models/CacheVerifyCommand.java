package io.github.consistencydecoder.cli.models;

import io.github.consistencydecoder.cli.options.CommonOptions;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.models.store.cache.CacheItem;
import io.github.consistencydecoder.models.store.cache.EntryCheck;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code cache verify}. */
@Command(
    name = "verify",
    description = {
      "Read all weights and graphs that are kept, and compare them with their checksums. What is",
      "damaged is not used again: it is made anew when it is needed."
    },
    footer = {"", "Exits with 1 if something was damaged."})
final class CacheVerifyCommand implements Callable<Integer> {
  @Mixin private CacheCommand.CacheOptions cache;
  @Mixin private CommonOptions common;
  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Console console = common.console(spec.commandLine());
    List<Map<String, Object>> documents = new ArrayList<>();
    int damaged = 0;
    for (CacheItem item : cache.items()) {
      boolean entry = item.kind() == CacheItem.Kind.WEIGHTS || item.kind() == CacheItem.Kind.GRAPH;
      if (entry && item.state() != CacheItem.State.STALE) {
        Optional<String> damage = EntryCheck.now(item.path());
        damaged += damage.isPresent() ? 1 : 0;
        console.result(
            (damage.isPresent() ? "DAMAGED " : "sound   ")
                + CacheCommand.CacheLines.first(item)
                + damage.map(what -> ": " + what).orElse(""));
        Map<String, Object> document = CacheCommand.CacheLines.document(item);
        document.put("damage", damage.orElse(null));
        documents.add(document);
      }
    }
    console.result(documents.size() + " checked, " + damaged + " damaged");
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("cache", cache.folder().toString());
    document.put("items", documents);
    document.put("damaged", damaged);
    console.document(document);
    return damaged == 0 ? ExitCode.OK : ExitCode.FAILED;
  }
}
