package io.github.consistencydecoder.cli.models;

import io.github.consistencydecoder.cli.options.CommonOptions;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.models.store.ModelStore;
import io.github.consistencydecoder.models.store.StoredModel;
import io.github.consistencydecoder.models.store.Verification;
import io.github.consistencydecoder.models.store.Verification.FileCheck;
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
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code models verify}. */
@Command(
    name = "verify",
    description = "Read models and compare them with their checksums.",
    footer = {"", "Exits with 3 if a file is missing or wrong."})
final class VerifyCommand implements Callable<Integer> {
  @Parameters(arity = "0..*", paramLabel = "ID", description = "Which. Default: all that are here.")
  private List<String> ids = new ArrayList<>();

  @Mixin private ModelsCommand.StoreOptions store;
  @Mixin private CommonOptions common;
  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Console console = common.console(spec.commandLine());
    ModelStore open = store.open();
    List<String> wanted = ids.isEmpty() ? present(open) : ids;
    boolean sound = true;
    List<Map<String, Object>> models = new ArrayList<>();
    for (String id : wanted) {
      Verification verification;
      try (FetchProgress progress = new FetchProgress(console)) {
        verification = open.verify(id, progress);
      }
      sound &= verification.sound();
      for (FileCheck file : verification.files()) {
        console.result(id + " " + file.name() + ": " + word(file) + ", " + file.detail());
      }
      models.add(asMap(verification));
    }
    console.document(Map.of("models", models));
    return sound ? ExitCode.OK : ExitCode.MODEL;
  }

  private static List<String> present(ModelStore store) throws IOException {
    return store.list().stream()
        .filter(model -> model.state() != StoredModel.State.ABSENT)
        .map(model -> model.entry().id())
        .toList();
  }

  private static String word(FileCheck file) {
    return file.finding().name().toLowerCase(Locale.ROOT);
  }

  private static Map<String, Object> asMap(Verification verification) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("id", verification.id());
    map.put("path", verification.path().toString());
    map.put("sound", verification.sound());
    map.put(
        "files",
        verification.files().stream()
            .map(
                file -> Map.of("name", file.name(), "finding", word(file), "detail", file.detail()))
            .toList());
    return map;
  }
}
