package io.github.consistencydecoder.cli.store;

import io.github.consistencydecoder.cli.options.CommonOptions;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code models remove}. */
@Command(name = "remove", description = "Delete a model from the store.")
final class RemoveCommand implements Callable<Integer> {
  @Parameters(paramLabel = "ID", description = "An id of 'models list'.")
  private String id;

  @Mixin private StoreOptions store;
  @Mixin private CommonOptions common;
  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Console console = common.console(spec.commandLine());
    boolean removed = store.open().remove(id);
    if (!removed) {
      console.note(id + ": nothing of it was here");
    }
    console.document(Map.of("id", id, "removed", removed));
    return ExitCode.OK;
  }
}
