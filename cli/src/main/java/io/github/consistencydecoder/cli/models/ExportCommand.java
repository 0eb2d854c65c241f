package io.github.consistencydecoder.cli.models;

import io.github.consistencydecoder.cli.options.CommonOptions;
import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.cli.shell.Interruption;
import io.github.consistencydecoder.cli.shell.Progress;
import io.github.consistencydecoder.cli.shell.Version;
import io.github.consistencydecoder.core.export.ExportCheck;
import io.github.consistencydecoder.core.export.ExportPart;
import io.github.consistencydecoder.core.export.ExportRequest;
import io.github.consistencydecoder.core.export.ModelExport;
import io.github.consistencydecoder.models.network.export.PreparedFolder;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Schedule;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
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
      description = "Evaluations of the network in one decode. Default: 2, with --start input 1.")
  private Integer steps;

  @Option(
      names = "--start",
      paramLabel = "noise|input",
      defaultValue = "noise",
      description = {
        "What the first evaluation starts from: noise, or a second input, start_sample, with",
        "another decoder's picture, which is evaluated once at 512. Default: ${DEFAULT-VALUE}."
      })
  private String start;

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

  @Option(
      names = "--triton",
      description = {
        "Write a model repository of Triton's server instead: FOLDER/NAME/config.pbtxt and",
        "FOLDER/NAME/1/, with NAME consistency_decoder, sd_vae or taesd."
      })
  private boolean triton;

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
              + " another ('models list' shows them)");
    }
    try (Interruption.Guard guard = Interruption.process().guard();
        ExportRun run = new ExportRun(console, overwrite, check, guard.cancellation())) {
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
    requireOneOf("--start", start, "noise", "input");
    boolean started = start.equals("input");
    if (started && steps != null && steps != 1) {
      throw new CliException(
          ExitCode.USAGE, "--steps " + steps + ": a decode with --start input has one");
    }
    requireOneOf("--steps", steps == null ? "2" : steps.toString(), "1", "2");
    if (started && part != ExportPart.CONSISTENCY_DECODER && part != ExportPart.VAE_ENCODER) {
      throw new CliException(
          ExitCode.USAGE, "--start input: the decoder 'consistency' alone starts from a picture");
    }
    if (started && triton) {
      throw new CliException(
          ExitCode.USAGE, "--start input: not with --triton, whose repository names one input");
    }
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
        started ? Schedule.WARM : Schedule.steps(steps == null ? 2 : steps),
        dialect.equals("original") ? ClampMode.EACH_STEP : ClampMode.NONE,
        started && part == ExportPart.CONSISTENCY_DECODER);
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

  /**
   * Exports one after the other; the folders get their names when all are written and, if that is
   * wanted, checked.
   *
   * <p>Owns what has no name yet. One thread.
   */
  private final class ExportRun implements AutoCloseable {
    private static final long MEBIBYTE = 1 << 20;

    private final Console console;
    private final boolean overwrite;
    private final boolean check;
    private final Cancellation cancellation;
    private final List<PreparedFolder> prepared = new ArrayList<>();

    ExportRun(Console console, boolean overwrite, boolean check, Cancellation cancellation) {
      this.console = console;
      this.overwrite = overwrite;
      this.check = check;
      this.cancellation = cancellation;
    }

    /** Returns the exit code. */
    int of(List<ExportRequest> requests) throws IOException {
      // All names are claimed first, so that what cannot be written fails at once.
      for (ExportRequest request : requests) {
        ExportPart part = request.part();
        prepared.add(
            prepare(
                triton
                    ? TritonRepository.versionFolder(output, part)
                    : output.resolve(part.folder())));
      }
      List<Map<String, Object>> exports = new ArrayList<>();
      boolean passed = true;
      for (int k = 0; k < requests.size(); k++) {
        Map<String, Object> export = write(requests.get(k), prepared.get(k));
        exports.add(export);
        if (check) {
          List<ExportCheck.Finding> findings = check(requests.get(k), prepared.get(k));
          export.put("check", findings.stream().map(ExportRun::asMap).toList());
          passed &= findings.stream().allMatch(ExportCheck.Finding::passed);
        }
      }
      for (int k = 0; passed && k < prepared.size(); k++) {
        Path target = prepared.get(k).target();
        prepared.get(k).install();
        if (triton) {
          String digest = (String) exports.get(k).get("digest");
          TritonRepository.describe(target, requests.get(k).part(), digest);
        }
        console.result("wrote " + target);
      }
      if (!passed) {
        console.result("the export is NOT right; nothing was written");
      }
      Map<String, Object> document = new LinkedHashMap<>();
      document.put("software", Version.software());
      document.put("written", passed);
      document.put("exports", exports);
      console.document(document);
      return passed ? ExitCode.OK : ExitCode.FAILED;
    }

    private PreparedFolder prepare(Path target) throws IOException {
      try {
        if (triton && !overwrite && Files.exists(TritonRepository.config(target))) {
          throw new FileAlreadyExistsException(
              TritonRepository.config(target).toString(), null, "exists already");
        }
        return PreparedFolder.beside(target, overwrite);
      } catch (FileAlreadyExistsException e) {
        throw new CliException(
            ExitCode.FAILED,
            e.getFile()
                + ": "
                + e.getReason()
                + (overwrite ? "" : "; --overwrite replaces it, -o writes elsewhere"),
            e);
      }
    }

    private Map<String, Object> write(ExportRequest request, PreparedFolder folder)
        throws IOException {
      ModelExport.Exported exported;
      try (ExportProgress progress = new ExportProgress(console, request.part().folder())) {
        exported = ModelExport.write(request, folder.folder(), cancellation, progress);
      }
      Map<String, Object> export = new LinkedHashMap<>();
      export.put("folder", folder.target().toString());
      export.put("model", exported.model());
      export.put("digest", exported.digest());
      Map<String, Object> files = new LinkedHashMap<>();
      try (Stream<Path> all = Files.list(folder.folder())) {
        for (Path file : all.sorted().toList()) {
          files.put(file.getFileName().toString(), Files.size(file));
        }
      }
      export.put("files", files);
      return export;
    }

    private List<ExportCheck.Finding> check(ExportRequest request, PreparedFolder folder)
        throws IOException {
      return ExportCheck.run(
          request,
          folder.folder(),
          cancellation,
          f ->
              console.result(
                  String.format(
                      Locale.ROOT,
                      "%s %s %dx%d: largest difference %.2g, at most %.0e is right; a second run"
                          + " gave %s",
                      f.passed() ? "ok     " : "FAILED ",
                      request.part().folder(),
                      f.width(),
                      f.height(),
                      f.worst(),
                      f.tolerance(),
                      f.repeatable() ? "the same bits" : "OTHER bits")));
    }

    private static Map<String, Object> asMap(ExportCheck.Finding f) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("size", List.of(f.width(), f.height()));
      map.put("largest_difference", f.worst());
      map.put("tolerance", f.tolerance());
      map.put("repeatable", f.repeatable());
      map.put("passed", f.passed());
      return map;
    }

    @Override
    public void close() throws IOException {
      for (PreparedFolder folder : prepared) {
        folder.close();
        if (triton) {
          TritonRepository.removeEmpty(folder.target());
        }
      }
    }

    /** A bar that begins when its length is known. */
    private static final class ExportProgress implements ModelExport.Listener, AutoCloseable {
      private final Console console;
      private final String task;
      private Progress bar;

      ExportProgress(Console console, String task) {
        this.console = console;
        this.task = task;
      }

      @Override
      public void written(long done, long total) {
        if (bar == null) {
          bar = console.progress(task, total, " MiB", MEBIBYTE);
        }
        bar.reached(done);
      }

      @Override
      public void close() {
        if (bar != null) {
          bar.close();
        }
      }
    }
  }
}
