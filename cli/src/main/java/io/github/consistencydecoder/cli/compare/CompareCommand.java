package io.github.consistencydecoder.cli.compare;

import io.github.consistencydecoder.cli.encode.EncoderChoice;
import io.github.consistencydecoder.cli.images.FitOptions;
import io.github.consistencydecoder.cli.images.InputFiles;
import io.github.consistencydecoder.cli.options.CommonOptions;
import io.github.consistencydecoder.cli.options.DecoderSpec;
import io.github.consistencydecoder.cli.options.DeviceOptions;
import io.github.consistencydecoder.cli.options.InstalledModels;
import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.compare.Comparison;
import io.github.consistencydecoder.formats.latents.ScaleChoice;
import io.github.consistencydecoder.formats.pictures.Region;
import io.github.consistencydecoder.models.store.ModelStore;
import io.github.consistencydecoder.plugin.DecoderConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code compare INPUT... -o FOLDER}. */
@Command(
    name = "compare",
    description = "Show what another decoder changes: pictures side by side, and numbers.",
    footer = {
      "",
      "Writes report.html, sheet.png, metrics.json and metrics.csv. Run again in the same folder"
          + " it",
      "does only what is missing or has changed.",
      "",
      "SPEC is [NAME=]PLUGIN[:key=value,..]. The keys steps, schedule, seed, dialect (original,",
      "diffusers) and clamp say how to decode; others, such as model and device, are settings of",
      "the plugin.",
      "",
      "Examples:",
      "  consistency-decoder compare photos/ -o out --size 512",
      "  consistency-decoder compare a.latent -o out --decoder vae:model=sd-vae-ft-mse \\",
      "      --decoder one=consistency:model=consistency-decoder,steps=1",
      "  consistency-decoder compare --pictures x=a/ --pictures y=b/ --truth c/ -o out"
    })
public final class CompareCommand implements Callable<Integer> {
  @Parameters(
      arity = "0..*",
      paramLabel = "INPUT",
      description = "Files of latents, photographs (which are encoded first), or folders of them.")
  private List<Path> named = List.of();

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "FOLDER",
      description = "Where all results go.")
  private Path out;

  @Option(
      names = "--decoder",
      paramLabel = "SPEC",
      description = {
        "A decoder to compare; may be given again. Default: the Stable Diffusion VAE and the",
        "consistency decoder if both are here, else the linear preview and the preview model."
      })
  private List<String> decoders = List.of();

  @Option(
      names = "--pictures",
      paramLabel = "NAME=FOLDER|FILE",
      description = {
        "Pictures that were decoded elsewhere, as one more column, found by their names without",
        "ending; may be given again."
      })
  private List<String> pictures = List.of();

  @Option(
      names = "--truth",
      paramLabel = "FOLDER|FILE",
      description = "The originals of latents and pictures; a photograph is its own.")
  private Path truth;

  @Option(
      names = "--encoder",
      paramLabel = "NAME",
      description = "Encoder plugin for photographs: vae, taesd. Default: as 'encode' chooses.")
  private String encoder;

  @Option(
      names = "--encoder-model",
      paramLabel = "ID|FOLDER|FILE",
      description = "Its model. Default: as 'encode' chooses.")
  private String encoderModel;

  @Option(
      names = "--latents",
      paramLabel = "scaled|unscaled|auto",
      defaultValue = "auto",
      description = "What files of latents hold, as for 'decode'. Default: auto.")
  private ScaleChoice scale;

  @Option(
      names = "--tensor",
      paramLabel = "NAME",
      description = "Tensor to take of them, as for 'decode'.")
  private String tensor;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Seed of every decode whose SPEC names none. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--lpips",
      paramLabel = "FILE",
      description = "Measure LPIPS too, with these weights (SqueezeNet, safetensors).")
  private Path lpips;

  @Option(names = "--title", paramLabel = "TEXT", description = "The report's heading.")
  private String title;

  @Option(
      names = "--report-size",
      paramLabel = "SIZE",
      description = "How large the report may become, for example 20M. Default: 36M.")
  private String reportSize;

  @Mixin private CropOptions crops;
  @Mixin private FitOptions fit;
  @Mixin private DeviceOptions device;
  @Mixin private DeviceOptions.MemoryOption memory;
  @Mixin private CommonOptions common;
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    Console console = common.console(spec.commandLine());
    ModelStore store = ModelStore.standard();
    DecoderConfig config = memory.addTo(device.addTo(DecoderConfig.empty()));
    Comparison.Builder builder = builder();
    OutputFolder folder = OutputFolder.of(out, named);
    Map<String, PictureSource> decoded = decoded();
    List<DecoderSpec> columns = columns(console, store, decoded);
    Set<String> endings = new HashSet<>(InputFiles.PICTURES);
    endings.addAll(List.of("safetensors", "latent", "npy", "pt", "pth"));
    List<Path> files = InputFiles.of(named, endings, console::note);
    requireSense(files, columns, decoded);
    boolean encoding = !columns.isEmpty() && files.stream().anyMatch(InputList::isPhotograph);
    CompareRun.Plan plan =
        new CompareRun.Plan(
            folder,
            files,
            new InputList.Sources(decoded, Optional.ofNullable(truth).map(PictureSource::of)),
            columns,
            encoding
                ? Optional.of(EncoderChoice.of(encoder, encoderModel, "--encoder-model", store))
                : Optional.empty(),
            fit.fit(),
            new Subject.LatentsSubject.Reading(scale, tensor),
            Optional.ofNullable(lpips),
            InstalledModels.of(store),
            config);
    return new CompareRun(console, plan).compare(builder);
  }

  private Comparison.Builder builder() {
    Comparison.Builder builder = Comparison.builder();
    crops.addTo(builder);
    if (title != null) {
      builder.title(title);
    }
    if (reportSize != null) {
      builder.reportBytes(ByteCount.parse("--report-size", reportSize));
    }
    return builder;
  }

  private Map<String, PictureSource> decoded() {
    Map<String, PictureSource> decoded = new LinkedHashMap<>();
    for (String text : pictures) {
      int equals = text.indexOf('=');
      if (equals < 1 || equals == text.length() - 1) {
        throw usage("--pictures " + text + ": NAME=FOLDER or NAME=FILE is needed");
      }
      String name = text.substring(0, equals).strip();
      Path path = Path.of(text.substring(equals + 1));
      if (decoded.putIfAbsent(name, PictureSource.of(path)) != null) {
        throw usage("--pictures " + text + ": the name '" + name + "' is there twice");
      }
    }
    return decoded;
  }

  private List<DecoderSpec> columns(
      Console console, ModelStore store, Map<String, PictureSource> decoded) {
    InstalledModels installed = InstalledModels.of(store);
    if (decoders.isEmpty()) {
      return decoded.isEmpty()
          ? DecoderSpec.Choice.usual(installed, seed, console::note)
          : List.of();
    }
    Set<String> names = new HashSet<>(decoded.keySet());
    names.add("truth");
    List<DecoderSpec> columns = new ArrayList<>();
    for (String text : decoders) {
      DecoderSpec column = DecoderSpec.parse(text, seed);
      if (!names.add(column.name())) {
        throw usage(
            "--decoder %s: the name '%s' is taken; put another before it, NAME=%s"
                .formatted(text, column.name(), text));
      }
      columns.add(DecoderSpec.Choice.complete(column, installed, console::note));
    }
    return columns;
  }

  private void requireSense(
      List<Path> files, List<DecoderSpec> columns, Map<String, PictureSource> decoded) {
    if (files.isEmpty() && decoded.isEmpty()) {
      throw usage("nothing to compare: give latents, photographs, folders of them or --pictures");
    }
    if (files.isEmpty() && !columns.isEmpty()) {
      throw usage("--decoder: there are no latents and no photographs to decode");
    }
    boolean photographs = files.stream().anyMatch(InputList::isPhotograph);
    boolean all = !files.isEmpty() && files.stream().allMatch(InputList::isPhotograph);
    if (truth != null && all) {
      throw usage("--truth: the photographs are the truth themselves");
    }
    if (columns.size() + decoded.size() == 1 && truth == null && !photographs) {
      throw usage(
          "one decoder or set of pictures is nothing to compare; give another --decoder,"
              + " --pictures or a --truth");
    }
  }

  private static CliException usage(String message) {
    return new CliException(ExitCode.USAGE, message);
  }

  /** Which parts of the pictures are looked at closely; filled by picocli. */
  static final class CropOptions {
    private static final int USUAL_COUNT = 2;
    private static final int MOST = 100;

    @Option(
        names = "--crop",
        paramLabel = "x,y,w,h",
        description = "A part to look at closely, in pixels. May be given again.")
    private List<String> regions = List.of();

    @Option(
        names = "--crops",
        paramLabel = "N",
        description =
            "Without --crop: look for so many parts where the decoders differ most. Default: 2.")
    private Integer count;

    @Option(
        names = "--crop-size",
        paramLabel = "S",
        description = "Side of those in pixels. Default: a quarter of the shorter side, 32 to 128.")
    private Integer side;

    /** Hands them over; throws if one is no crop. */
    void addTo(Comparison.Builder builder) {
      if (regions.isEmpty()) {
        if (count != null && (count < 0 || count > MOST)) {
          throw usage("--crops " + count + ": 0 to " + MOST + " are possible");
        }
        if (side != null && side < 1) {
          throw usage("--crop-size " + side + ": at least 1 is needed");
        }
        builder.automaticCrops(count == null ? USUAL_COUNT : count, side == null ? 0 : side);
        return;
      }
      if (count != null || side != null) {
        throw usage("--crop: excludes --crops and --crop-size");
      }
      List<Region> parsed = new ArrayList<>();
      for (String region : regions) {
        try {
          parsed.add(Region.parse(region));
        } catch (IllegalArgumentException e) {
          throw new CliException(ExitCode.USAGE, "--crop " + region + ": " + e.getMessage(), e);
        }
      }
      builder.crops(parsed);
    }

    private static CliException usage(String message) {
      return new CliException(ExitCode.USAGE, message);
    }
  }

  /** Sizes as a person writes them. */
  private static final class ByteCount {
    private static final Pattern FORM = Pattern.compile("(\\d{1,10})([KMG]?)");
    private static final long MOST = 2L << 30;

    private ByteCount() {}

    /**
     * @param option for the message
     * @param text a number, with K, M or G for that many times 1024
     */
    static long parse(String option, String text) {
      Matcher matcher = FORM.matcher(text.strip());
      if (matcher.matches()) {
        long unit =
            switch (matcher.group(2)) {
              case "K" -> 1L << 10;
              case "M" -> 1L << 20;
              case "G" -> 1L << 30;
              default -> 1;
            };
        long count = Long.parseLong(matcher.group(1));
        if (count > 0 && count <= MOST / unit) {
          return count * unit;
        }
      }
      throw new CliException(
          ExitCode.USAGE, option + " " + text + ": a size up to 2G is needed, for example 20M");
    }
  }
}
