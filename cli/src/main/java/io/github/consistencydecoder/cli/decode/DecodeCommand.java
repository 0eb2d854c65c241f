package io.github.consistencydecoder.cli.decode;

import io.github.consistencydecoder.cli.images.InputFiles;
import io.github.consistencydecoder.cli.options.CommonOptions;
import io.github.consistencydecoder.cli.options.DecoderOptions;
import io.github.consistencydecoder.cli.options.SamplingOptions;
import io.github.consistencydecoder.cli.output.OutputFiles;
import io.github.consistencydecoder.cli.output.OutputPlan;
import io.github.consistencydecoder.cli.output.PictureFiles;
import io.github.consistencydecoder.cli.output.PictureFormat;
import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.cli.shell.PathArgument;
import io.github.consistencydecoder.formats.latents.DecodeRequest;
import io.github.consistencydecoder.formats.latents.LatentsFile;
import io.github.consistencydecoder.formats.latents.LoadedLatents;
import io.github.consistencydecoder.formats.latents.NoiseFiles;
import io.github.consistencydecoder.formats.latents.RawFormat;
import io.github.consistencydecoder.formats.latents.ScaleChoice;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Pixels;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
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
      "Latents: .safetensors (also ComfyUI's .latent), .npy, .npz, .pt of torch.save, or bare",
      "numbers with --shape; [N,4,h,w], [4,h,w], or frames [N,4,F,h,w]. Files written are listed"
          + " on",
      "standard output. What ComfyUI and trainers put beside the latents (prompt, workflow,",
      "parameters) goes into the PNG, which these programs can open then.",
      "",
      "Example:",
      "  consistency-decoder decode latents.npy -o picture.png --seed 42"
    })
public final class DecodeCommand implements Callable<Integer> {
  @Parameters(
      arity = "1..*",
      paramLabel = "LATENTS",
      converter = PathArgument.Input.class,
      description = "Files of latents, folders of them, or - for standard input.")
  private List<Path> inputs;

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "OUT",
      description = {
        "A .png, .npy or .safetensors file, a folder for files named after the inputs, or -",
        "for standard output.",
        "A batch becomes NAME-0.png, NAME-1.png, ..; the tensor formats hold a whole batch."
      })
  private Path out;

  @Option(
      names = "--format",
      paramLabel = "png|npy|safetensors",
      description = "What to write into a folder. Default: png.")
  private PictureFormat format;

  @Option(
      names = "--no-metadata",
      description = "Write no text into the results: neither settings nor prompt and workflow.")
  private boolean noMetadata;

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

  @Option(
      names = "--noise",
      paramLabel = "FILE",
      split = ",",
      description = {
        "Noise instead of a seed: a .safetensors with noise0, noise1, .. of shape [N,3,H,W],",
        "or a .npy per step; one .npy may hold all steps stacked, [steps*N,3,H,W]."
      })
  private List<Path> noise;

  @Mixin private ModeOptions modes;
  @Mixin private SamplingOptions sampling;
  @Mixin private DecoderOptions decoder;
  @Mixin private CommonOptions common;
  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    if (!out.toString().equals(OutputFiles.STANDARD)) {
      return decode(common.console(spec.commandLine()), out, force);
    }
    if (common.console(spec.commandLine()).isJson()) {
      throw new CliException(ExitCode.USAGE, "-o - and --json would both write to standard output");
    }
    Path folder = Files.createTempDirectory("consistency-decoder-");
    Path file = folder.resolve("picture" + (format == null ? PictureFormat.PNG : format).suffix());
    try {
      // The names of files have no place there.
      Console console =
          common.console(spec.commandLine().setOut(new PrintWriter(Writer.nullWriter())));
      int code = decode(console, file, true);
      if (code == ExitCode.OK) {
        Files.copy(file, System.out);
        if (System.out.checkError()) {
          throw new CliException(ExitCode.FAILED, "standard output: cannot be written");
        }
      }
      return code;
    } finally {
      Files.deleteIfExists(file);
      Files.deleteIfExists(folder);
    }
  }

  private int decode(Console console, Path target, boolean overwrite) {
    List<Path> files = InputFiles.of(inputs, InputFiles.LATENTS, console::note);
    RawFormat raw = rawFormat();
    DecodeOptions options = options();
    decoder.config();
    OutputPlan plan = OutputPlan.of(files, target, format, overwrite, rounding);
    try (DecodeRun run = new DecodeRun(console, decoder, !noMetadata);
        ModeOptions.Modes read = modes.read(decoder.plugin(), decoder.surroundings(), console)) {
      for (Path input : files) {
        if (!run.decode(named(input), () -> request(input, raw, options, read, plan))) {
          break;
        }
      }
      return run.end();
    }
  }

  private DecodeRequest<PictureFiles> request(
      Path input, RawFormat raw, DecodeOptions options, ModeOptions.Modes read, OutputPlan plan)
      throws IOException {
    LoadedLatents loaded = read(input, raw);
    Latents latents = loaded.latents();
    PictureFiles output = plan.files(input, latents.batch());
    if (out.toString().equals(OutputFiles.STANDARD) && output.files().size() > 1) {
      throw new CliException(
          ExitCode.INPUT,
          latents.batch()
              + " latents found, -o - takes one picture; give a folder or --format npy");
    }
    DecodeOptions started = read.addTo(options, latents).build();
    return new DecodeRequest<>(
        loaded, started.toBuilder().noise(noise(latents, started)).build(), output);
  }

  private LoadedLatents read(Path input, RawFormat raw) throws IOException {
    return input.toString().equals(OutputFiles.STANDARD)
        ? LatentsFile.read(Path.of(named(input)), System.in, scale, tensor, raw)
        : LatentsFile.read(input, scale, tensor, raw);
  }

  private static String named(Path input) {
    return input.toString().equals(OutputFiles.STANDARD) ? "standard input" : input.toString();
  }

  private DecodeOptions options() {
    Optional<String> seeded = sampling.asked("noise");
    if (noise != null && seeded.isPresent()) {
      throw new CliException(
          ExitCode.USAGE, seeded.get() + " and --noise exclude each other; one of them is needed");
    }
    return sampling.read().build();
  }

  private Noise noise(Latents latents, DecodeOptions options) throws IOException {
    if (noise == null) {
      if (options.noise() instanceof Noise.SeededPerImage seeds
          && seeds.seeds().size() != latents.batch()) {
        throw new CliException(
            ExitCode.USAGE,
            "--seeds: %s given, the batch has %s latents"
                .formatted(seeds.seeds().size(), latents.batch()));
      }
      return options.noise();
    }
    try {
      return NoiseFiles.read(noise, latents, options.schedule().timesteps().size());
    } catch (IllegalArgumentException e) {
      throw new CliException(ExitCode.USAGE, "--noise: " + e.getMessage(), e);
    }
  }

  private RawFormat rawFormat() {
    try {
      return shape == null ? null : RawFormat.parse(shape, rawDtype);
    } catch (IllegalArgumentException e) {
      throw new CliException(ExitCode.USAGE, "--" + e.getMessage(), e);
    }
  }
}
