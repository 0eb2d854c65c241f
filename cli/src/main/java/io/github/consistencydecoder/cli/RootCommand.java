package io.github.consistencydecoder.cli;

import io.github.consistencydecoder.cli.compare.CompareCommand;
import io.github.consistencydecoder.cli.decode.DecodeCommand;
import io.github.consistencydecoder.cli.decode.DemoCommand;
import io.github.consistencydecoder.cli.encode.EncodeCommand;
import io.github.consistencydecoder.cli.machine.BenchCommand;
import io.github.consistencydecoder.cli.machine.DoctorCommand;
import io.github.consistencydecoder.cli.models.CacheCommand;
import io.github.consistencydecoder.cli.models.ExportCommand;
import io.github.consistencydecoder.cli.models.ModelsCommand;
import io.github.consistencydecoder.cli.serve.ServeCommand;
import io.github.consistencydecoder.cli.shell.Version;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command itself: names its parts. */
@Command(
    name = "consistency-decoder",
    description = "OpenAI's consistency decoder for Stable Diffusion 1.x latents.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    subcommands = {
      DecodeCommand.class,
      EncodeCommand.class,
      CompareCommand.class,
      DemoCommand.class,
      ServeCommand.class,
      ModelsCommand.class,
      CacheCommand.class,
      DoctorCommand.class,
      BenchCommand.class,
      ExportCommand.class
    },
    footer = {
      "",
      "'consistency-decoder COMMAND --help' explains one.",
      "",
      "Exit codes:",
      "    0  all was done",
      "    1  the work failed: output exists or cannot be written, out of memory, no such device",
      "    2  the command line makes no sense",
      "    3  the model is missing, damaged or not one that can be run",
      "    4  an input is missing, damaged or not what the decoder takes",
      "  130  interrupted (143: terminated)",
      "Of several failures the first one counts."
    })
final class RootCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is needed");
  }
}
