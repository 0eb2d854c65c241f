package io.github.consistencydecoder.cli.store;

import io.github.consistencydecoder.cli.options.CommonOptions;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.models.store.Pulled;
import io.github.consistencydecoder.models.store.download.PullOptions;
import java.io.IOException;
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

  @Mixin private StoreOptions store;
  @Mixin private CommonOptions common;
  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Console console = common.console(spec.commandLine());
    Pulled pulled;
    try (FetchProgress progress = new FetchProgress(console)) {
      PullOptions options = PullOptions.defaults().toBuilder().force(force).build();
      pulled = store.open().pull(id, options, progress);
    }
    PulledReport.print(console, pulled);
    return ExitCode.OK;
  }
}
