package io.github.consistencydecoder.cli.encode;

import io.github.consistencydecoder.cli.images.FitOptions;
import io.github.consistencydecoder.cli.output.OutputFiles;
import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.cli.shell.Failure;
import io.github.consistencydecoder.cli.shell.Interruption;
import io.github.consistencydecoder.cli.shell.Progress;
import io.github.consistencydecoder.cli.shell.Version;
import io.github.consistencydecoder.formats.latents.LatentsFormat;
import io.github.consistencydecoder.formats.latents.LatentsWriter;
import io.github.consistencydecoder.formats.pictures.PictureFit;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * One run over several pictures: each is read, encoded and written before the next; one that fails
 * is reported and the others are done. The encoder is opened when the first picture turns out to be
 * sound; if that fails there is no point in going on.
 *
 * <p>Owns the encoder while it runs.
 */
final class EncodeRun {
  private final Console console;
  private final Settings settings;
  private final OutputFiles files;
  private final LatentsFormat format;
  private final EncodeReport report = new EncodeReport();

  private OpenEncoder encoder;
  private Progress progress = Progress.silent();

  /**
   * How to encode.
   *
   * @param fit how pictures get their size
   * @param scale of the latents to write
   * @param opening opens the encoder, once
   */
  record Settings(PictureFit fit, LatentScale scale, Supplier<OpenEncoder> opening) {}

  EncodeRun(Console console, Settings settings, OutputFiles files, LatentsFormat format) {
    this.console = console;
    this.settings = settings;
    this.files = files;
    this.format = format;
  }

  /** Encodes all pictures and returns the exit code, that of the first failure if there was one. */
  int encode(List<Path> inputs) {
    int exitCode = ExitCode.OK;
    try (Interruption.Guard guard = Interruption.process().guard();
        Progress bar = console.progress("encoding", inputs.size(), " pictures", 1)) {
      progress = bar;
      try {
        for (int i = 0; i < inputs.size(); i++) {
          int one = encodeOne(inputs.get(i), inputs, guard);
          bar.reached(i + 1L);
          exitCode = exitCode == ExitCode.OK ? one : exitCode;
          if (guard.interrupted()) {
            exitCode = guard.exitCode();
            break;
          }
        }
      } finally {
        if (encoder != null) {
          encoder.close();
        }
      }
    }
    if (format == LatentsFormat.NPY && exitCode == ExitCode.OK) {
      console.note(
          "a .npy file cannot say its scale: these are "
              + (settings.scale() == LatentScale.SCALED ? "scaled" : "unscaled")
              + " latents");
    }
    console.document(report.document(exitCode));
    return exitCode;
  }

  private int encodeOne(Path input, List<Path> inputs, Interruption.Guard guard) {
    progress.doing(String.valueOf(input.getFileName()));
    PictureFit.Fitted fitted;
    try {
      fitted = FitOptions.Photographs.read(input, settings.fit());
      files.refuseExisting(List.of(files.file(input)), inputs);
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      return failed(input, Failure.of(input.toString(), ExitCode.INPUT, e));
    }
    fitted.notes().forEach(note -> console.note(input + ": " + note));
    openOnce();
    try {
      guard.cancellation().check();
      encodeAndWrite(input, fitted, guard);
      return ExitCode.OK;
    } catch (RuntimeException | OutOfMemoryError e) {
      if (guard.interrupted()) {
        console.note(input + ": interrupted");
        return guard.exitCode();
      }
      return failed(input, Failure.of(input.toString(), ExitCode.FAILED, e));
    }
  }

  private int failed(Path input, Failure failure) {
    console.error(failure);
    report.failed(input, failure);
    return failure.exitCode();
  }

  private void openOnce() {
    if (encoder == null) {
      progress.doing("opening the model");
      long start = System.nanoTime();
      encoder = settings.opening().get();
      report.opened(encoder.info(), System.nanoTime() - start);
    }
  }

  private void encodeAndWrite(Path input, PictureFit.Fitted fitted, Interruption.Guard guard) {
    encoder
        .memoryWarning(fitted.picture())
        .ifPresent(sentence -> console.warning(input + ": " + sentence));
    long start = System.nanoTime();
    Latents latents = encoder.encode(fitted.picture(), guard.cancellation()).to(settings.scale());
    long nanos = System.nanoTime() - start;
    Path file = files.file(input);
    try {
      LatentsWriter.write(format, file, latents, text(input));
    } catch (IOException e) {
      throw new CliException(
          ExitCode.FAILED,
          Failure.of(file + ": cannot be written", ExitCode.FAILED, e).message(),
          e);
    }
    console.result(file.toString());
    report.encoded(input, file, latents, nanos, fitted.notes());
  }

  /** What goes with the latents; nothing in it changes from run to run. */
  private Map<String, String> text(Path input) {
    Map<String, String> text = new TreeMap<>(encoder.text());
    text.put("Software", Version.software());
    text.put("picture", String.valueOf(input.getFileName()));
    text.put("fit", settings.fit().identity());
    return text;
  }

  /** What {@code --json} prints after a run. Times are seconds. */
  private static final class EncodeReport {
    private static final double NANOS = 1e9;

    private final long start = System.nanoTime();
    private final List<Map<String, Object>> results = new ArrayList<>();
    private Map<String, Object> model = Map.of();

    void opened(DecoderInfo info, long nanos) {
      model = new LinkedHashMap<>();
      model.put("encoder", info.provider());
      model.put("name", info.model());
      model.put("digest", info.digest());
      model.put("device", info.device());
      model.put("details", info.details());
      model.put("open_seconds", nanos / NANOS);
    }

    void encoded(Path input, Path file, Latents latents, long nanos, List<String> notes) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("input", input.toString());
      result.put("file", file.toString());
      result.put(
          "latents_shape",
          List.of(latents.batch(), Latents.CHANNELS, latents.height(), latents.width()));
      result.put("latents", latents.scale().name().toLowerCase(Locale.ROOT));
      result.put("seconds", nanos / NANOS);
      result.put("notes", notes);
      results.add(result);
    }

    void failed(Path input, Failure failure) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("input", input.toString());
      result.put("error", failure.message());
      result.put("exit_code", failure.exitCode());
      results.add(result);
    }

    Map<String, Object> document(int exitCode) {
      Map<String, Object> document = new LinkedHashMap<>();
      document.put("software", Version.software());
      document.put("exit_code", exitCode);
      document.put("model", model);
      document.put("results", results);
      document.put("seconds", (System.nanoTime() - start) / NANOS);
      return document;
    }
  }
}
