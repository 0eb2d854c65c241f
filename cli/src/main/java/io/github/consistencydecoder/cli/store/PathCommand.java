package io.github.consistencydecoder.cli.store;

import io.github.consistencydecoder.cli.options.CommonOptions;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code models path}. */
@Command(name = "path", description = "Print where a model is; the bundled one is unpacked first.")
final class PathCommand implements Callable<Integer> {
  @Parameters(paramLabel = "ID", description = "An id of 'models list'.")
  private String id;

  @Mixin private StoreOptions store;
  @Mixin private CommonOptions common;
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    Console console = common.console(spec.commandLine());
    Path path = store.open().path(id);
    console.result(path.toString());
    console.document(Map.of("id", id, "path", path.toString()));
    return ExitCode.OK;
  }
}
