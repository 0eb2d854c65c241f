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
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine;
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
    footer = {
      "",
      "'consistency-decoder COMMAND --help' explains one.",
      "",
      "Exit codes:",
      "    0  all was done",
      "    1  the work failed: output exists or is not writable, out of memory, no device",
      "    2  the command line is wrong",
      "    3  the model is missing, damaged or not one that can be run",
      "    4  an input is missing, damaged or not what the decoder takes",
      "  130  interrupted (143: terminated)",
      "Of several failures the first one counts."
    })
final class RootCommand implements Runnable {
  /** Makers of the commands, in the order of the help. */
  private static final Map<String, Supplier<Object>> COMMANDS = new LinkedHashMap<>();

  static {
    COMMANDS.put("decode", DecodeCommand::new);
    COMMANDS.put("encode", EncodeCommand::new);
    COMMANDS.put("compare", CompareCommand::new);
    COMMANDS.put("demo", DemoCommand::new);
    COMMANDS.put("serve", ServeCommand::new);
    COMMANDS.put("models", ModelsCommand::new);
    COMMANDS.put("cache", CacheCommand::new);
    COMMANDS.put("doctor", DoctorCommand::new);
    COMMANDS.put("bench", BenchCommand::new);
    COMMANDS.put("export", ExportCommand::new);
  }

  @Spec private CommandSpec spec;

  /** The command with the one part that is called, or with all if that is not clear. */
  static CommandLine of(String... arguments) {
    CommandLine root = new CommandLine(new RootCommand());
    Supplier<Object> called = arguments.length == 0 ? null : COMMANDS.get(arguments[0]);
    if (called != null) {
      root.addSubcommand(called.get());
    } else {
      COMMANDS.values().forEach(command -> root.addSubcommand(command.get()));
    }
    return root;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is needed");
  }
}
