package io.github.consistencydecoder.cli.decode;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.cli.shell.Progress;
import io.github.consistencydecoder.compare.Comparison;
import io.github.consistencydecoder.compare.ComparisonInput;
import io.github.consistencydecoder.compare.ComparisonListener;
import io.github.consistencydecoder.compare.ComparisonSummary;
import io.github.consistencydecoder.compare.metrics.Measure;
import io.github.consistencydecoder.compare.metrics.Measurements;
import io.github.consistencydecoder.compare.report.ColumnResult;
import io.github.consistencydecoder.compare.report.InputResult;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Schedule;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;

/**
 * Compares what decoders make of the {@linkplain Sample sample}, against the photograph: the linear
 * preview, the bundled tiny model after one step and after two, and the person's own choice if it
 * is another one.
 */
public final class DemoReport {
  private static final String PREVIEW = "linear preview";
  private static final String CONSISTENCY = "consistency";
  private static final String TINY = "tiny";
  private static final String BUNDLED = "bundled preview";
  private static final List<String> FILES =
      List.of("report.html", "sheet.png", "metrics.json", "metrics.csv");
  private static final String CAUTION =
      "the bundled preview was trained on this very photograph, and the latents come from a small stand-in for"
          + " the SD 1.x encoder, which has lost detail already";

  private final Console console;
  private final DecoderConfig config;
  private final Path folder;

  /**
   * @param config of the person's decoder; the tiny model runs on the same
   * @param folder for the report; made if it is not there
   */
  public DemoReport(Console console, DecoderConfig config, Path folder) {
    this.console = console;
    this.config = config;
    this.folder = folder;
  }

  /**
   * Writes the report, and says where it is and what it says.
   *
   * @param latents of the sample
   * @param own decoder that the person chose; borrowed
   * @param options that they chose
   * @return where the report is and its numbers, for the document
   * @throws CliException if one of the decoders cannot decode the sample
   */
  public Map<String, Object> write(
      Latents latents, LatentDecoder own, DecodeOptions options, Cancellation cancellation)
      throws IOException {
    boolean ownIsTiny = isTiny(own.info());
    DecodeOptions common = options.toBuilder().cancellation(cancellation).build();
    DecodeOptions plain = common.toBuilder().clamp(ClampMode.EACH_STEP).build();
    LatentDecoder tiny =
        ownIsTiny ? own : Decoders.open(CONSISTENCY, config.with(DecoderConfig.MODEL, TINY));
    try (LatentDecoder preview = Decoders.open("preview", DecoderConfig.model("sd1"))) {
      Comparison.Builder comparison =
          Comparison.builder()
              .title("The demo's cat, before and after")
              .decoder(PREVIEW, preview, plain)
              .decoder(name(BUNDLED, Schedule.ONE_STEP), tiny, with(plain, Schedule.ONE_STEP))
              .decoder(name(BUNDLED, Schedule.TWO_STEPS), tiny, with(plain, Schedule.TWO_STEPS));
      int columns = 3;
      if (!ownIsTiny || !isShown(options)) {
        String model = ownIsTiny ? BUNDLED : own.info().model();
        comparison.decoder(ownName(model, options), own, common);
        columns++;
      }
      return run(comparison.build(), latents, columns);
    } finally {
      if (!ownIsTiny) {
        tiny.close();
      }
    }
  }

  private boolean isTiny(DecoderInfo info) {
    return info.provider().equals(CONSISTENCY)
        && config.get(DecoderConfig.MODEL).equals(Optional.of(TINY));
  }

  private static boolean isShown(DecodeOptions options) {
    return options.clamp() == ClampMode.EACH_STEP
        && (options.schedule().equals(Schedule.ONE_STEP)
            || options.schedule().equals(Schedule.TWO_STEPS));
  }

  private static DecodeOptions with(DecodeOptions options, Schedule schedule) {
    return options.toBuilder().schedule(schedule).build();
  }

  private static String name(String model, Schedule schedule) {
    int steps = schedule.timesteps().size();
    return model + ", " + (steps == 1 ? "1 step" : steps + " steps");
  }

  private static String ownName(String model, DecodeOptions options) {
    String clamp = options.clamp() == ClampMode.EACH_STEP ? "" : ", clamp " + options.clamp().id();
    return "yours: " + name(model, options.schedule()) + clamp;
  }

  private Map<String, Object> run(Comparison comparison, Latents latents, int columns)
      throws IOException {
    ComparisonInput input =
        ComparisonInput.of(
            "chelsea.png, the centre",
            new ComparisonInput.Loaded(
                Optional.of(latents),
                Optional.of(DemoSample.photograph()),
                Map.of(),
                List.of(
                    "The photograph is chelsea.png of scikit-image, by Stefan van der Walt, CC0.",
                    "Read the numbers with care: " + CAUTION + ".")));
    ComparisonSummary summary;
    try (Progress progress = console.progress("the report", columns + 2, "", 1)) {
      summary = comparison.run(List.of(input), folder, new Bar(progress));
    } catch (FileAlreadyExistsException e) {
      throw new CliException(
          ExitCode.FAILED, e.getFile() + ": is a file, the report needs a folder of that name", e);
    }
    if (!summary.failures().isEmpty()) {
      throw new CliException(ExitCode.FAILED, "the report: " + summary.failures().get(0).reason());
    }
    return tell(summary.results().get(0));
  }

  private Map<String, Object> tell(InputResult result) {
    List<String> files = FILES.stream().map(name -> folder.resolve(name).toString()).toList();
    files.forEach(console::result);
    Map<String, Object> measures = new LinkedHashMap<>();
    StringJoiner told = new StringJoiner("; ");
    for (ColumnResult column : result.columns()) {
      Measurements whole = column.in(InputResult.WHOLE);
      measures.put(column.name(), whole.values());
      told.add(
          String.format(
              Locale.ROOT,
              "%s %.1f dB and %.2f",
              column.name(),
              whole.get(Measure.PSNR).orElseThrow(),
              whole.get(Measure.SSIM).orElseThrow()));
    }
    console.note("PSNR and SSIM against the photograph: " + told);
    console.note("read these numbers with care: " + CAUTION);
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("files", files);
    document.put("measures", measures);
    document.put("caution", CAUTION);
    return document;
  }

  /** Moves the bar on with each picture and each file. */
  private static final class Bar implements ComparisonListener {
    private final Progress progress;
    private int done;

    Bar(Progress progress) {
      this.progress = progress;
    }

    @Override
    public void decoded(String input, String decoder, long nanos) {
      progress.reached(++done);
    }

    @Override
    public void writing(String file) {
      progress.doing(file);
      progress.reached(++done);
    }
  }
}
