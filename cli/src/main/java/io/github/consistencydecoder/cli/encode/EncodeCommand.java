package io.github.consistencydecoder.cli.encode;

import io.github.consistencydecoder.cli.images.FitOptions;
import io.github.consistencydecoder.cli.images.InputFiles;
import io.github.consistencydecoder.cli.options.CommonOptions;
import io.github.consistencydecoder.cli.options.DeviceOptions;
import io.github.consistencydecoder.cli.output.OutputFiles;
import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.cli.shell.PathArgument;
import io.github.consistencydecoder.formats.latents.LatentsFormat;
import io.github.consistencydecoder.models.store.ModelStore;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.LatentScale;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code encode PICTURE... -o OUT}. */
@Command(
    name = "encode",
    description = "Encode photographs into Stable Diffusion 1.x latents.",
    footer = {
      "",
      "Pictures: PNG, JPEG, WebP, TIFF, GIF and BMP; colour profile and orientation are honoured.",
      "Of a folder all of them are taken. Files written are listed on standard output; 'decode'",
      "reads them.",
      "",
      "Example:",
      "  consistency-decoder encode photo.jpg -o photo.safetensors --size 512"
    })
public final class EncodeCommand implements Callable<Integer> {
  @Parameters(
      arity = "1..*",
      paramLabel = "PICTURE",
      converter = PathArgument.Input.class,
      description = "Pictures, or folders of them.")
  private List<Path> named;

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "OUT",
      description = {
        "A .safetensors, .npy or .latent (ComfyUI) file, or a folder for files named after the",
        "inputs."
      })
  private Path out;

  @Option(
      names = "--format",
      paramLabel = "safetensors|npy|latent",
      description = "What to write into a folder. Default: safetensors.")
  private LatentsFormat format;

  @Option(names = "--force", description = "Replace files that exist.")
  private boolean force;

  @Option(
      names = "--encoder",
      paramLabel = "NAME",
      description = "Encoder plugin: vae, taesd. Default: vae, else taesd if only that is there.")
  private String encoder;

  @Option(
      names = {"-m", "--model"},
      paramLabel = "ID|FOLDER|FILE",
      description = {
        "Model: an id of 'models list', a diffusers folder, or a .safetensors or .pt file.",
        "Default: the first Stable Diffusion VAE of 'models list' that is here."
      })
  private String model;

  @ArgGroup private Unit unit;

  @Mixin private FitOptions fit;
  @Mixin private DeviceOptions device;
  @Mixin private DeviceOptions.MemoryOption memory;
  @Mixin private CommonOptions common;
  @Spec private CommandSpec spec;

  /** One of two. */
  static final class Unit {
    @Option(names = "--unscaled", description = "Latents as a VAE takes them. The default.")
    @SuppressWarnings("UnusedVariable") // the group makes it exclude the other
    private boolean unscaled;

    @Option(
        names = "--scaled",
        description = "Latents as the UNet takes them, multiplied by 0.18215.")
    private boolean scaled;
  }

  @Override
  public Integer call() {
    Console console = common.console(spec.commandLine());
    DecoderConfig config = memory.addTo(device.addTo(DecoderConfig.empty()));
    EncodeRun.Settings settings =
        new EncodeRun.Settings(
            fit.fit(),
            unit != null && unit.scaled ? LatentScale.SCALED : LatentScale.UNSCALED,
            () ->
                OpenEncoder.open(
                    said(console, EncoderChoice.of(encoder, model, "--model", store())), config));
    List<Path> inputs = InputFiles.of(named, InputFiles.PICTURES, console::note);
    List<String> endings =
        Arrays.stream(LatentsFormat.values()).map(LatentsFormat::ending).toList();
    OutputFiles files =
        OutputFiles.of(inputs, out, endings, format == null ? null : format.ending(), force);
    LatentsFormat written = LatentsFormat.of(files.ending());
    if (written == LatentsFormat.LATENT && settings.scale() == LatentScale.SCALED) {
      throw new CliException(
          ExitCode.USAGE, "--scaled: a .latent file holds unscaled latents; leave it out");
    }
    files
        .nameable(inputs)
        .forEach(input -> files.refuseExisting(List.of(files.file(input)), inputs));
    return new EncodeRun(console, settings, files, written).encode(inputs);
  }

  private static ModelStore store() {
    return ModelStore.standard();
  }

  private static EncoderChoice said(Console console, EncoderChoice choice) {
    if (!choice.said().isEmpty()) {
      console.note(choice.said());
    }
    return choice;
  }
}
