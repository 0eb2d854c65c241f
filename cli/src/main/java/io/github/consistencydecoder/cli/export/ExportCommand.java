package io.github.consistencydecoder.cli.export;

import io.github.consistencydecoder.cli.options.CommonOptions;
import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.cli.shell.Interruption;
import io.github.consistencydecoder.core.export.ExportPart;
import io.github.consistencydecoder.core.export.ExportRequest;
import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Schedule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code export}. */
@Command(
    name = "export",
    description =
        "Write a decoder as an ONNX folder that other pipelines load in place of their own.",
    footer = {
      "",
      "Writes FOLDER/vae_decoder/ with model.onnx, config.json and, with float32, model.onnx_data.",
      "Keep a copy of the pipeline's own folder of that name, then put this one in its place.",
      "The graph takes unscaled latents and holds the noise of seed 0; it has no tiling.",
      "--check runs it before it gets its name and exits with 1 if it does not decode as this",
      "program does; then nothing is written."
    })
public final class ExportCommand implements Callable<Integer> {
  @Option(
      names = {"-m", "--model"},
      paramLabel = "ID|FOLDER|FILE",
      description = {
        "Model: an id of 'models list', a diffusers folder, or a .safetensors or .pt file.",
        "Default: tiny, a preview that comes with the program."
      })
  private String model;

  @Option(
      names = "--decoder",
      paramLabel = "consistency|vae|taesd",
      defaultValue = "consistency",
      description = "What the model is. Default: ${DEFAULT-VALUE}.")
  private String decoder;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FOLDER",
      defaultValue = "onnx",
      description = "Folder that vae_decoder is written into. Default: ${DEFAULT-VALUE}.")
  private Path output;

  @Option(
      names = "--dtype",
      paramLabel = "float32|float16",
      defaultValue = "float32",
      description = {
        "Precision of weights and convolutions; input, output and norms stay float32, and float16",
        "is one file of less than 2 GB. Default: ${DEFAULT-VALUE}."
      })
  private String dtype;

  @Option(
      names = "--steps",
      paramLabel = "1|2",
      defaultValue = "2",
      description = "Evaluations of the network in one decode. Default: ${DEFAULT-VALUE}.")
  private int steps;

  @Option(
      names = "--dialect",
      paramLabel = "original|diffusers",
      defaultValue = "original",
      description =
          "Clamp to [-1,1] after each step, as OpenAI does, or never, as diffusers does. Default:"
              + " ${DEFAULT-VALUE}.")
  private String dialect;

  @Option(
      names = "--vae-encoder",
      paramLabel = "ID|FOLDER|FILE",
      description = "Also write FOLDER/vae_encoder/, the encoder of this Stable Diffusion 1.x VAE.")
  private String vaeEncoder;

  @Option(names = "--overwrite", description = "Replace an exported folder that is there already.")
  private boolean overwrite;

  @Option(
      names = "--check",
      description = "Run what was exported and compare it with this program's own decode.")
  private boolean check;

  @Option(
      names = "--cache",
      paramLabel = "FOLDER",
      description = "Where optimised networks are kept. Default: what 'doctor' says.")
  private Path cache;

  @Mixin private CommonOptions common;
  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Console console = common.console(spec.commandLine());
    List<ExportRequest> requests = requests();
    if (model == null && requests.get(0).part() == ExportPart.CONSISTENCY_DECODER) {
      console.note(
          "exporting the bundled preview model 'tiny', not OpenAI's decoder; give --model for"
              + " another ('models list' shows what there is)");
    }
    try (Interruption.Guard guard = Interruption.process().guard();
        ExportRun run = new ExportRun(console, output, overwrite, check, guard.cancellation())) {
      try {
        return run.of(requests);
      } catch (DecoderException e) {
        if (guard.interrupted()) {
          return guard.exitCode();
        }
        throw e;
      }
    }
  }

  private List<ExportRequest> requests() {
    List<ExportRequest> requests = new ArrayList<>();
    requests.add(request(part(), model));
    if (vaeEncoder != null) {
      requests.add(request(ExportPart.VAE_ENCODER, vaeEncoder));
    }
    return requests;
  }

  private ExportRequest request(ExportPart part, String wanted) {
    requireOneOf("--dtype", dtype, "float32", "float16");
    requireOneOf("--dialect", dialect, "original", "diffusers");
    requireOneOf("--steps", Integer.toString(steps), "1", "2");
    DecoderConfig config = DecoderConfig.empty().with(DecoderConfig.DTYPE, dtype);
    if (wanted != null) {
      config = config.with(DecoderConfig.MODEL, wanted);
    }
    if (cache != null) {
      config = config.with("cache", cache.toAbsolutePath().toString());
    }
    return new ExportRequest(
        part,
        config,
        Schedule.steps(steps),
        dialect.equals("original") ? ClampMode.EACH_STEP : ClampMode.NONE);
  }

  private ExportPart part() {
    requireOneOf("--decoder", decoder, "consistency", "vae", "taesd");
    return switch (decoder) {
      case "vae" -> ExportPart.VAE_DECODER;
      case "taesd" -> ExportPart.TAESD_DECODER;
      default -> ExportPart.CONSISTENCY_DECODER;
    };
  }

  private static void requireOneOf(String option, String value, String... words) {
    if (!List.of(words).contains(value)) {
      throw new CliException(
          ExitCode.USAGE, option + " " + value + ": " + String.join(" or ", words) + " is needed");
    }
  }
}
