package io.github.consistencydecoder.cli.decode;

import io.github.consistencydecoder.cli.options.CommonOptions;
import io.github.consistencydecoder.cli.options.DecoderOptions;
import io.github.consistencydecoder.cli.options.SamplingOptions;
import io.github.consistencydecoder.cli.output.OutputPlan;
import io.github.consistencydecoder.cli.output.PictureFormat;
import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.cli.shell.PathArgument;
import io.github.consistencydecoder.formats.latents.LatentsFile;
import io.github.consistencydecoder.formats.latents.LoadedLatents;
import io.github.consistencydecoder.formats.latents.RawFormat;
import io.github.consistencydecoder.formats.latents.ScaleChoice;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Pixels;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code decode LATENTS... -o OUT}. */
@Command(
    name = "decode",
    description = "Decode Stable Diffusion 1.x latents into pictures.",
    footer = {
      "",
      "Latents: .safetensors (also ComfyUI's .latent), .npy, a torch archive, or bare numbers with",
      "--shape; [N,4,h,w] or [4,h,w], floating-point. Files written are listed on standard output.",
      "",
      "Example:",
      "  consistency-decoder decode latents.npy -o picture.png --seed 42"
    })
public final class DecodeCommand implements Callable<Integer> {
  @Parameters(
      arity = "1..*",
      paramLabel = "LATENTS",
      converter = PathArgument.Input.class,
      description = "Files of latents.")
  private List<Path> inputs;

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "OUT",
      description = {
        "A .png, .npy or .safetensors file, or a folder for files named after the inputs.",
        "A batch becomes NAME-0.png, NAME-1.png, ..; the tensor formats hold a whole batch."
      })
  private Path out;

  @Option(
      names = "--format",
      paramLabel = "png|npy|safetensors",
      description = "What to write into a folder. Default: png.")
  private PictureFormat format;

  @Option(names = "--force", description = "Replace files that exist.")
  private boolean force;

  @Option(
      names = "--latents",
      paramLabel = "scaled|unscaled|auto",
      defaultValue = "auto",
      description = {
        "scaled: as the UNet leaves them, standard deviation about 1; unscaled: as a VAE takes",
        "them, about 4 to 5; auto: what the file states or the numbers suggest. Default: auto."
      })
  private ScaleChoice scale;

  @Option(
      names = "--tensor",
      paramLabel = "NAME",
      description =
          "Tensor to take. Default: latents, latent, samples, latent_tensor, z, or the only one.")
  private String tensor;

  @Option(
      names = "--shape",
      paramLabel = "N,4,h,w",
      description = "Shape of files of bare little-endian numbers.")
  private String shape;

  @Option(
      names = "--raw-dtype",
      paramLabel = "float32|float16",
      defaultValue = "float32",
      description = "Element type of such files. Default: ${DEFAULT-VALUE}.")
  private String rawDtype;

  @Option(
      names = "--rounding",
      paramLabel = "nearest|truncate",
      defaultValue = "nearest",
      description = {
        "Pixels to bytes: nearest, as diffusers does, or truncate, as OpenAI's script does.",
        "Default: ${DEFAULT-VALUE}."
      })
  private Pixels.Rounding rounding;

  @Mixin private NoiseOptions noise;
  @Mixin private SamplingOptions sampling;
  @Mixin private DecoderOptions decoder;
  @Mixin private CommonOptions common;
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    Console console = common.console(spec.commandLine());
    RawFormat raw = rawFormat();
    DecodeOptions options =
        DecodeOptions.builder()
            .schedule(sampling.schedule())
            .clamp(sampling.clamp())
            .tiling(sampling.tiling())
            .build();
    decoder.config();
    OutputPlan plan = OutputPlan.of(inputs, out, format, force);
    return new DecodeRun(console, decoder, plan, rounding, Path::toString)
        .decode(
            inputs,
            input -> {
              LoadedLatents loaded = LatentsFile.read(input, scale, tensor, raw);
              return new DecodeRun.Work(
                  loaded.latents(),
                  loaded.decision(),
                  options.toBuilder()
                      .noise(noise.noise(loaded.latents(), options.schedule()))
                      .build());
            });
  }

  private RawFormat rawFormat() {
    try {
      return shape == null ? null : RawFormat.parse(shape, rawDtype);
    } catch (IllegalArgumentException e) {
      throw new CliException(ExitCode.USAGE, "--" + e.getMessage(), e);
    }
  }
}
