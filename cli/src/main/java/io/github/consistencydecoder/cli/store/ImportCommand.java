package io.github.consistencydecoder.cli.store;

import io.github.consistencydecoder.cli.options.CommonOptions;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.models.store.Pulled;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code models import}. */
@Command(
    name = "import",
    description = "Check files of a model that you fetched yourself, and keep them in the store.")
final class ImportCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "ID", description = "An id of 'models list'.")
  private String id;

  @Parameters(
      index = "1",
      paramLabel = "FILE|FOLDER",
      description = "The file, or a folder with the files. They are linked or copied.")
  private Path from;

  @Mixin private StoreOptions store;
  @Mixin private CommonOptions common;
  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Console console = common.console(spec.commandLine());
    Pulled pulled;
    try (FetchProgress progress = new FetchProgress(console)) {
      pulled = store.open().importFrom(id, from, progress);
    }
    PulledReport.print(console, pulled);
    return ExitCode.OK;
  }
}
