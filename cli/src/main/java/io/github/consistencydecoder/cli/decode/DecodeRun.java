package io.github.consistencydecoder.cli.decode;

import io.github.consistencydecoder.cli.options.DecoderOptions;
import io.github.consistencydecoder.cli.output.OutputPlan;
import io.github.consistencydecoder.cli.output.PixelsWriter;
import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.cli.shell.Failure;
import io.github.consistencydecoder.cli.shell.Interruption;
import io.github.consistencydecoder.cli.shell.Progress;
import io.github.consistencydecoder.cli.shell.Version;
import io.github.consistencydecoder.formats.io.SystemMemory;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeListener;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.plugin.Tiling;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * One run over several inputs: each is loaded, decoded and written before the next; one that fails
 * is reported and the others are done. The decoder is opened when the first input turns out to be
 * sound; if that fails there is no point in going on.
 *
 * <p>Owns the decoder while it runs.
 */
final class DecodeRun {
  private static final Set<String> KEPT_DETAILS = Set.of("dtype", "device", "runtime");

  private final Console console;
  private final DecoderOptions decoderOptions;
  private final OutputPlan plan;
  private final Pixels.Rounding rounding;
  private final Function<Path, String> names;
  private final RunReport report = new RunReport();

  private boolean metadata = true;
  private LatentDecoder decoder;

  /**
   * @param names what to call the inputs in messages
   */
  DecodeRun(
      Console console,
      DecoderOptions decoderOptions,
      OutputPlan plan,
      Pixels.Rounding rounding,
      Function<Path, String> names) {
    this.names = names;
    this.console = console;
    this.decoderOptions = decoderOptions;
    this.plan = plan;
    this.rounding = rounding;
  }

  /** Writes pictures and tensors without any text in them. */
  DecodeRun withoutMetadata() {
    metadata = false;
    return this;
  }

  /**
   * One input, read.
   *
   * @param latents to decode
   * @param decision how their scale was decided; empty if there was nothing to decide
   * @param options without listener and cancellation
   * @param text what travels from the latents' file into a picture's
   */
  record Work(Latents latents, String decision, DecodeOptions options, Map<String, String> text) {}

  /** Reads an input. */
  @FunctionalInterface
  interface Loader {
    Work load(Path input) throws IOException;
  }

  /** What follows when all inputs have been decoded. */
  @FunctionalInterface
  interface Sequel {
    /**
     * @param decoder open; borrowed
     * @param cancellation thrown by a signal
     * @return what the document says about it
     */
    Map<String, Object> run(LatentDecoder decoder, Cancellation cancellation) throws IOException;
  }

  /** Decodes all inputs and returns the exit code, that of the first failure if there was one. */
  int decode(List<Path> inputs, Loader loader) {
    return decode(inputs, loader, "", (decoder, cancellation) -> Map.of());
  }

  /**
   * As {@link #decode(List, Loader)}, and something after it unless an input failed.
   *
   * @param name of the sequel, in messages and the document; empty if there is none
   */
  int decode(List<Path> inputs, Loader loader, String name, Sequel sequel) {
    int exitCode = ExitCode.OK;
    try (Interruption.Guard guard = Interruption.process().guard()) {
      try {
        for (Path input : inputs) {
          int one = decodeOne(input, inputs, loader, guard);
          exitCode = exitCode == ExitCode.OK ? one : exitCode;
          if (guard.interrupted()) {
            exitCode = guard.exitCode();
            break;
          }
        }
        if (exitCode == ExitCode.OK && !name.isEmpty()) {
          exitCode = follow(name, sequel, guard);
        }
      } finally {
        if (decoder != null) {
          decoder.close();
        }
      }
    }
    console.document(report.document(exitCode));
    return exitCode;
  }

  private int follow(String name, Sequel sequel, Interruption.Guard guard) {
    try {
      report.followed(name, sequel.run(decoder, guard.cancellation()));
      return ExitCode.OK;
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      if (guard.interrupted()) {
        console.note("the " + name + ": interrupted");
        return guard.exitCode();
      }
      Failure failure = Failure.of("the " + name, ExitCode.FAILED, e);
      console.error(failure);
      report.followed(name, Map.of("error", failure.message(), "exit_code", failure.exitCode()));
      return failure.exitCode();
    }
  }

  private int decodeOne(Path input, List<Path> inputs, Loader loader, Interruption.Guard guard) {
    Work work;
    try {
      work = loader.load(input);
      plan.refuseExisting(plan.files(input, work.latents().batch()), inputs);
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      return failed(input, Failure.of(names.apply(input), ExitCode.INPUT, e));
    }
    if (!work.decision().isEmpty()) {
      console.note(names.apply(input) + ": " + work.decision());
    }
    openOnce();
    try {
      return decodeAndWrite(input, work, guard);
    } catch (RuntimeException | OutOfMemoryError e) {
      if (guard.interrupted()) {
        console.note(names.apply(input) + ": interrupted");
        return guard.exitCode();
      }
      return failed(input, Failure.of(names.apply(input), ExitCode.FAILED, e));
    }
  }

  private int failed(Path input, Failure failure) {
    console.error(failure);
    report.failed(names.apply(input), failure);
    return failure.exitCode();
  }

  private void openOnce() {
    if (decoder != null) {
      return;
    }
    long start = System.nanoTime();
    try (Progress progress = console.progress("opening the model", -1, "", 1)) {
      progress.reached(0);
      decoder = decoderOptions.open(console);
    }
    report.opened(decoder.info(), System.nanoTime() - start);
  }

  private int decodeAndWrite(Path input, Work work, Interruption.Guard guard) {
    guard.cancellation().check();
    Latents latents = work.latents();
    warnOfMemory(input, work);
    Decoded decoded;
    int steps = work.options().schedule().timesteps().size();
    try (Progress progress = console.progress(names.apply(input), steps, " steps", 1)) {
      ProgressListener listener = new ProgressListener(console, progress, names.apply(input));
      decoded =
          decoder.decode(
              latents,
              work.options().toBuilder()
                  .listener(listener)
                  .cancellation(guard.cancellation())
                  .build());
      listener.sayWhatWasNotHeard(decoded.warnings());
    }
    String whole = Tiling.WHOLE.id();
    String divided = decoded.metadata().getOrDefault(Decoded.PLAN, whole);
    if (!divided.equals(whole)) {
      console.note(names.apply(input) + ": decoded in parts (" + divided + ")");
    }
    List<Path> files = plan.files(input, latents.batch());
    try {
      PixelsWriter.write(plan.format(), files, decoded.pixels(), rounding, text(work, decoded));
    } catch (IOException e) {
      throw new CliException(
          ExitCode.FAILED,
          Failure.of(files.get(0) + ": cannot be written", ExitCode.FAILED, e).message(),
          e);
    }
    files.forEach(file -> console.result(file.toString()));
    report.decoded(names.apply(input), work, decoded, files);
    return ExitCode.OK;
  }

  private void warnOfMemory(Path input, Work work) {
    Latents latents = work.latents();
    long needed =
        decoder
            .estimate(latents.batch(), latents.height(), latents.width(), work.options())
            .peakBytes();
    long free = SystemMemory.here().available().orElse(0);
    if (free > 0 && needed > free) {
      console.warning(
          String.format(
              Locale.ROOT,
              "%s: decoding needs about %.1f GB of memory, %.1f GB are available",
              names.apply(input),
              needed / 1e9,
              free / 1e9));
    }
  }

  /** What goes with the picture; nothing in it changes from run to run. */
  private Map<String, String> text(Work work, Decoded decoded) {
    if (!metadata) {
      return Map.of();
    }
    DecoderInfo info = decoder.info();
    Map<String, String> text = new TreeMap<>(work.text());
    text.putAll(decoded.metadata());
    // How the decoder came to be is not how the picture came to be; these three are both.
    text.keySet().removeIf(key -> info.details().containsKey(key) && !KEPT_DETAILS.contains(key));
    // Another day's memory may give another one of the same picture.
    text.remove(Decoded.PLAN);
    text.put("Software", Version.software());
    text.put("decoder", info.provider());
    text.putIfAbsent("model", info.model());
    if (!info.digest().isEmpty()) {
      text.putIfAbsent("digest", info.digest());
    }
    text.putIfAbsent("latents", work.latents().scale().name().toLowerCase(Locale.ROOT));
    return text;
  }

  /** What {@code --json} prints after a run. Times are seconds. */
  private static final class RunReport {
    private static final double NANOS = 1e9;

    private final long start = System.nanoTime();
    private final List<Map<String, Object>> results = new ArrayList<>();
    private final Map<String, Object> sequels = new LinkedHashMap<>();
    private Map<String, Object> model = Map.of();

    void opened(DecoderInfo info, long nanos) {
      model = new LinkedHashMap<>();
      model.put("decoder", info.provider());
      model.put("name", info.model());
      model.put("digest", info.digest());
      model.put("device", info.device());
      model.put("details", info.details());
      model.put("open_seconds", nanos / NANOS);
    }

    void decoded(String input, DecodeRun.Work work, Decoded decoded, List<Path> files) {
      Latents latents = work.latents();
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("input", input);
      result.put("files", files.stream().map(Path::toString).toList());
      result.put(
          "latents_shape",
          List.of(latents.batch(), Latents.CHANNELS, latents.height(), latents.width()));
      result.put("latents", latents.scale().name().toLowerCase(Locale.ROOT));
      if (!work.decision().isEmpty()) {
        result.put("latents_decision", work.decision());
      }
      result.put("seconds", decoded.totalNanos() / NANOS);
      result.put("step_seconds", decoded.stepNanos().stream().map(nanos -> nanos / NANOS).toList());
      result.put("metadata", decoded.metadata());
      result.put("warnings", decoded.warnings());
      results.add(result);
    }

    void failed(String input, Failure failure) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("input", input);
      result.put("error", failure.message());
      result.put("exit_code", failure.exitCode());
      results.add(result);
    }

    void followed(String name, Map<String, Object> what) {
      sequels.put(name, what);
    }

    Map<String, Object> document(int exitCode) {
      Map<String, Object> document = new LinkedHashMap<>();
      document.put("software", Version.software());
      document.put("exit_code", exitCode);
      document.put("model", model);
      document.put("results", results);
      document.putAll(sequels);
      document.put("seconds", (System.nanoTime() - start) / NANOS);
      return document;
    }
  }

  /** Moves the bar and passes warnings on when they come, each once. */
  private static final class ProgressListener implements DecodeListener {
    private final Console console;
    private final Progress progress;
    private final String subject;
    private final List<String> heard = new ArrayList<>();

    ProgressListener(Console console, Progress progress, String subject) {
      this.console = console;
      this.progress = progress;
      this.subject = subject;
    }

    @Override
    public void stepStarted(int step, int steps, int timestep) {
      progress.doing("t=" + timestep);
    }

    @Override
    public void stepFinished(int step, int steps, long nanos) {
      progress.reached(step + 1);
    }

    @Override
    public void warning(String sentence) {
      heard.add(sentence);
      console.warning(subject + ": " + sentence);
    }

    /** A plugin may put a warning into its result without telling it first. */
    void sayWhatWasNotHeard(List<String> warnings) {
      for (String sentence : warnings) {
        if (!heard.contains(sentence)) {
          console.warning(subject + ": " + sentence);
        }
      }
    }
  }
}
