package io.github.consistencydecoder.cli.models;

import io.github.consistencydecoder.cli.options.CommonOptions;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.models.store.ModelStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code models}: names its parts. */
@Command(
    name = "models",
    description = "Fetch, check and look at models.",
    subcommands = {
      ListCommand.class,
      PullCommand.class,
      VerifyCommand.class,
      PullCommand.ImportCommand.class,
      ModelsCommand.PathCommand.class,
      InspectCommand.class,
      ModelsCommand.RemoveCommand.class
    })
public final class ModelsCommand implements Runnable {
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this text.")
  @SuppressWarnings("UnusedVariable") // picocli acts on the option itself
  private boolean help;

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "one of list, pull, verify, import, path, inspect and remove is needed");
  }

  /** Which store. */
  static final class StoreOptions {
    @Option(
        names = "--store",
        paramLabel = "FOLDER",
        description = {
          "Where models are kept. Default: the folder that CONSISTENCY_DECODER_HOME names, else"
              + " where",
          "the platform keeps such data. 'decode' looks into the default store."
        })
    private Path folder;

    ModelStore open() {
      return folder == null ? ModelStore.standard() : ModelStore.at(folder);
    }
  }

  /** {@code models path}. */
  @Command(
      name = "path",
      description = "Print where a model is; the bundled one is unpacked first.")
  static final class PathCommand implements Callable<Integer> {
    @Parameters(paramLabel = "ID", description = "An id of 'models list'.")
    private String id;

    @Mixin private ModelsCommand.StoreOptions store;
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

  /** {@code models remove}. */
  @Command(name = "remove", description = "Delete a model from the store.")
  static final class RemoveCommand implements Callable<Integer> {
    @Parameters(paramLabel = "ID", description = "An id of 'models list'.")
    private String id;

    @Mixin private ModelsCommand.StoreOptions store;
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
}
