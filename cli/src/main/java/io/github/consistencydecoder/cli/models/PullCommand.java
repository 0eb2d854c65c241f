package io.github.consistencydecoder.cli.models;

import io.github.consistencydecoder.cli.options.CommonOptions;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.models.store.Pulled;
import io.github.consistencydecoder.models.store.download.PullOptions;
import io.github.consistencydecoder.models.store.download.PulledFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code models pull}. */
@Command(
    name = "pull",
    description = "Download a model, or what is still missing of it, and check it.")
final class PullCommand implements Callable<Integer> {
  @Parameters(paramLabel = "ID", description = "An id of 'models list'.")
  private String id;

  @Option(names = "--force", description = "Download again what is here already.")
  private boolean force;

  @Mixin private ModelsCommand.StoreOptions store;
  @Mixin private CommonOptions common;
  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Console console = common.console(spec.commandLine());
    Pulled pulled;
    try (FetchProgress progress = new FetchProgress(console)) {
      PullOptions options = PullOptions.defaults().force(force);
      pulled = store.open().pull(id, options, progress);
    }
    PulledReport.print(console, pulled);
    return ExitCode.OK;
  }

  /** Says what a pull or an import has brought. */
  private static final class PulledReport {
    private PulledReport() {}

    static void print(Console console, Pulled pulled) {
      pulled.sentences().forEach(console::note);
      if (!pulled.missing().isEmpty()) {
        console.warning(
            pulled.id() + ": still to be imported: " + String.join(", ", pulled.missing()));
      }
      console.result(pulled.path().toString());
      Map<String, Object> document = new LinkedHashMap<>();
      document.put("id", pulled.id());
      document.put("path", pulled.path().toString());
      document.put("files", pulled.files().stream().map(PulledReport::asMap).toList());
      document.put("missing", pulled.missing());
      console.document(document);
    }

    private static Map<String, Object> asMap(PulledFile file) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("name", file.name());
      map.put("bytes", file.bytes());
      map.put("sha256", file.checksum().sha256());
      map.put("trust", file.checksum().trust().toString());
      map.put("already_there", file.alreadyThere());
      return map;
    }
  }

  /** {@code models import}. */
  @Command(
      name = "import",
      description = "Check files of a model that you fetched yourself, and keep them in the store.")
  static final class ImportCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "ID", description = "An id of 'models list'.")
    private String id;

    @Parameters(
        index = "1",
        paramLabel = "FILE|FOLDER",
        description = "The file, or a folder with the files. They are linked or copied.")
    private Path from;

    @Mixin private ModelsCommand.StoreOptions store;
    @Mixin private CommonOptions common;
    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
      Console console = common.console(spec.commandLine());
      Pulled pulled;
      try (FetchProgress progress = new FetchProgress(console)) {
        pulled = store.open().importFrom(id, from, progress);
      }
      PullCommand.PulledReport.print(console, pulled);
      return ExitCode.OK;
    }
  }
}
