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
import java.util.List;
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
  /** The commands in the order of the help. */
  private static final List<String> COMMANDS =
      List.of(
          "decode", "encode", "compare", "demo", "serve", "models", "cache", "doctor", "bench",
          "export");

  /** One of them; only its class is loaded. */
  private static Object command(String name) {
    return switch (name) {
      case "decode" -> new DecodeCommand();
      case "encode" -> new EncodeCommand();
      case "compare" -> new CompareCommand();
      case "demo" -> new DemoCommand();
      case "serve" -> new ServeCommand();
      case "models" -> new ModelsCommand();
      case "cache" -> new CacheCommand();
      case "doctor" -> new DoctorCommand();
      case "bench" -> new BenchCommand();
      case "export" -> new ExportCommand();
      default -> throw new IllegalArgumentException(name);
    };
  }

  @Spec private CommandSpec spec;

  /** The command with the one part that is called, or with all if that is not clear. */
  static CommandLine of(String... arguments) {
    CommandLine root = new CommandLine(new RootCommand());
    if (arguments.length > 0 && COMMANDS.contains(arguments[0])) {
      root.addSubcommand(command(arguments[0]));
    } else {
      COMMANDS.forEach(name -> root.addSubcommand(command(name)));
    }
    return root;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is needed");
  }
}
