package io.github.consistencydecoder.cli.doctor;

import io.github.consistencydecoder.cli.options.CommonOptions;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.cli.shell.Version;
import io.github.consistencydecoder.models.ModelStore;
import io.github.consistencydecoder.models.StoredModel;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.LatentDecoderProvider;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code doctor}. */
@Command(name = "doctor", description = "Say what there is to work with.")
public final class DoctorCommand implements Callable<Integer> {
  @Mixin private CommonOptions common;
  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Console console = common.console(spec.commandLine());
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("software", Version.software());
    console.result(Version.software());
    decoders(console, document);
    models(console, document);
    console.document(document);
    return ExitCode.OK;
  }

  private static void decoders(Console console, Map<String, Object> document) {
    List<Map<String, Object>> decoders = new ArrayList<>();
    for (LatentDecoderProvider provider : Decoders.providers()) {
      var availability = provider.availability();
      console.result(
          "decoder "
              + provider.name()
              + ": "
              + (availability.available() ? "" : "not available, ")
              + availability.reason());
      decoders.add(
          Map.of(
              "name", provider.name(),
              "available", availability.available(),
              "reason", availability.reason()));
    }
    document.put("decoders", decoders);
  }

  private static void models(Console console, Map<String, Object> document) throws IOException {
    ModelStore store = ModelStore.standard();
    console.result("store: " + store.folder() + ", cache: " + store.cacheFolder());
    List<Map<String, Object>> models = new ArrayList<>();
    for (StoredModel model : store.list()) {
      String state =
          model.state() == StoredModel.State.ABSENT && model.entry().bundled()
              ? "bundled"
              : model.state().name().toLowerCase(Locale.ROOT);
      console.result("model " + model.entry().id() + ": " + state);
      models.add(Map.of("id", model.entry().id(), "state", state));
    }
    document.put("store", store.folder().toString());
    document.put("cache", store.cacheFolder().toString());
    document.put("models", models);
  }
}
