package io.github.consistencydecoder.cli.models;

import io.github.consistencydecoder.cli.options.CommonOptions;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.formats.io.ByteSizes;
import io.github.consistencydecoder.models.store.ModelStore;
import io.github.consistencydecoder.models.store.StoredModel;
import io.github.consistencydecoder.models.store.catalogue.CatalogueEntry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code models list}. */
@Command(name = "list", description = "What is published and what of it is here.")
final class ListCommand implements Callable<Integer> {
  @Mixin private ModelsCommand.StoreOptions store;
  @Mixin private CommonOptions common;
  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Console console = common.console(spec.commandLine());
    ModelStore open = store.open();
    List<Map<String, Object>> models = new ArrayList<>();
    for (StoredModel model : open.list()) {
      models.add(asMap(model));
      console.result(line(model));
      console.result(
          "    %s; licence: %s%s"
              .formatted(
                  model.entry().title(), model.entry().licence().name(), unpinned(model.entry())));
    }
    console.result("store: " + open.folder());
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("store", open.folder().toString());
    document.put("models", models);
    console.document(document);
    return ExitCode.OK;
  }

  private static String line(StoredModel model) {
    String state =
        switch (model.state()) {
          case INSTALLED -> "here, " + ByteSizes.text(model.bytes());
          case PARTLY ->
              "partly here, "
                  + ByteSizes.text(model.bytes() + model.partialBytes())
                  + ofAll(model.entry());
          case ABSENT -> "not here" + toFetch(model);
        };
    return String.format(Locale.ROOT, "%-34s %s", model.entry().id(), state);
  }

  private static String unpinned(CatalogueEntry entry) {
    return entry.unpinned().isEmpty()
        ? ""
        : "; not pinned, hence not checked: " + String.join(", ", entry.unpinned());
  }

  private static String ofAll(CatalogueEntry entry) {
    OptionalLong all = entry.likelyBytes();
    return all.isPresent() ? " of about " + ByteSizes.text(all.getAsLong()) : "";
  }

  private static String toFetch(StoredModel model) {
    OptionalLong all = model.entry().likelyBytes();
    return all.isPresent() ? ", about " + ByteSizes.text(all.getAsLong()) : "";
  }

  private static Map<String, Object> asMap(StoredModel model) {
    CatalogueEntry entry = model.entry();
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("id", entry.id());
    map.put("title", entry.title());
    map.put("kind", entry.kind().toString());
    map.put("licence", entry.licence().toString());
    map.put("bundled", entry.bundled());
    map.put("not_pinned", entry.unpinned());
    map.put("state", model.state().name().toLowerCase(Locale.ROOT));
    map.put("path", model.path().toString());
    map.put("bytes", model.bytes());
    map.put("partial_bytes", model.partialBytes());
    map.put("holds", entry.holds());
    map.put("notes", entry.notes());
    return map;
  }
}
