package io.github.consistencydecoder.cli.decode;

import io.github.consistencydecoder.cli.options.DecoderOptions;
import io.github.consistencydecoder.cli.output.PictureFiles;
import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.cli.shell.Failure;
import io.github.consistencydecoder.cli.shell.Interruption;
import io.github.consistencydecoder.cli.shell.Progress;
import io.github.consistencydecoder.cli.shell.Version;
import io.github.consistencydecoder.formats.latents.DecodeRequest;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeListener;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
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

/**
 * One run over several inputs: each is read, decoded and written before the next; one that fails is
 * reported and the others are done. The decoder is opened when the first input turns out to be
 * sound; if that fails there is no point in going on. Owns the decoder while it runs.
 */
final class DecodeRun implements AutoCloseable {
  private static final Set<String> KEPT_DETAILS = Set.of("dtype", "device", "runtime");
  private static final String REPORT = "report";

  private final Console console;
  private final DecoderOptions decoderOptions;
  private final boolean metadata;
  private final RunReport report = new RunReport();
  private final Interruption.Guard guard = Interruption.process().guard();

  private LatentDecoder decoder;
  private int exitCode = ExitCode.OK;

  /**
   * @param metadata whether pictures and tensors are written with text in them
   */
  DecodeRun(Console console, DecoderOptions decoderOptions, boolean metadata) {
    this.console = console;
    this.decoderOptions = decoderOptions;
    this.metadata = metadata;
  }

  /** Reads an input. */
  @FunctionalInterface
  interface Reader {
    DecodeRequest<PictureFiles> read() throws IOException;
  }

  /** What is done with the open decoder when all inputs have been decoded. */
  @FunctionalInterface
  interface Report {
    /**
     * @param decoder open; borrowed
     * @param cancellation thrown by a signal
     * @return what the document says about it
     */
    Map<String, Object> write(LatentDecoder decoder, Cancellation cancellation) throws IOException;
  }

  /**
   * Reads, decodes and writes an input.
   *
   * @param name of the input in messages
   * @return whether to go on with the next one
   */
  boolean decode(String name, Reader reader) {
    int code = decodeOne(name, reader);
    if (guard.interrupted()) {
      exitCode = guard.exitCode();
    } else if (exitCode == ExitCode.OK) {
      exitCode = code;
    }
    return !guard.interrupted();
  }

  /** Writes a report with the open decoder, unless an input failed. */
  void report(Report writer) {
    if (exitCode != ExitCode.OK) {
      return;
    }
    try {
      report.followed(REPORT, writer.write(decoder, guard.cancellation()));
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      if (guard.interrupted()) {
        console.note("the report: interrupted");
        exitCode = guard.exitCode();
        return;
      }
      Failure failure = Failure.of("the report", ExitCode.FAILED, e);
      console.error(failure);
      report.followed(REPORT, Map.of("error", failure.message(), "exit_code", failure.exitCode()));
      exitCode = failure.exitCode();
    }
  }

  /** Prints the document and returns the exit code: the first failure's. */
  int end() {
    console.document(report.document(exitCode));
    return exitCode;
  }

  @Override
  public void close() {
    if (decoder != null) {
      decoder.close();
    }
    guard.close();
  }

  private int decodeOne(String name, Reader reader) {
    DecodeRequest<PictureFiles> request;
    try {
      request = reader.read();
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      return failed(name, Failure.of(name, ExitCode.INPUT, e));
    }
    if (!request.input().decision().isEmpty()) {
      console.note(name + ": " + request.input().decision());
    }
    openOnce();
    try {
      decodeAndWrite(name, request);
      return ExitCode.OK;
    } catch (RuntimeException | OutOfMemoryError e) {
      if (guard.interrupted()) {
        console.note(name + ": interrupted");
        return guard.exitCode();
      }
      return failed(name, Failure.of(name, ExitCode.FAILED, e));
    }
  }

  private int failed(String name, Failure failure) {
    console.error(failure);
    report.failed(name, failure);
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

  private void decodeAndWrite(String name, DecodeRequest<PictureFiles> request) {
    guard.cancellation().check();
    Decoded decoded;
    int steps = request.options().schedule().timesteps().size();
    try (Progress progress = console.progress(name, steps, " steps", 1)) {
      ProgressListener listener = new ProgressListener(console, progress, name);
      decoded =
          decoder.decode(
              request.latents(),
              request.options().toBuilder()
                  .listener(listener)
                  .cancellation(guard.cancellation())
                  .build());
      listener.sayWhatWasNotHeard(decoded.warnings());
    }
    String whole = Tiling.WHOLE.id();
    String divided = decoded.metadata().getOrDefault(Decoded.PLAN, whole);
    if (!divided.equals(whole)) {
      console.note(name + ": decoded in parts (" + divided + ")");
    }
    List<Path> files = request.output().files();
    try {
      request.output().write(decoded.pixels(), metadata ? text(request, decoded) : Map.of());
    } catch (IOException e) {
      throw new CliException(
          ExitCode.FAILED,
          Failure.of(files.get(0) + ": cannot be written", ExitCode.FAILED, e).message(),
          e);
    }
    files.forEach(file -> console.result(file.toString()));
    report.decoded(name, request, decoded);
  }

  /** What goes with the picture; nothing in it changes from run to run. */
  private Map<String, String> text(DecodeRequest<?> request, Decoded decoded) {
    DecoderInfo info = decoder.info();
    Map<String, String> text = new TreeMap<>(request.input().text());
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
    text.putIfAbsent("latents", request.latents().scale().name().toLowerCase(Locale.ROOT));
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

    void decoded(String input, DecodeRequest<PictureFiles> request, Decoded decoded) {
      Latents latents = request.latents();
      String decision = request.input().decision();
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("input", input);
      result.put("files", request.output().files().stream().map(Path::toString).toList());
      result.put(
          "latents_shape",
          List.of(latents.batch(), Latents.CHANNELS, latents.height(), latents.width()));
      result.put("latents", latents.scale().name().toLowerCase(Locale.ROOT));
      if (!decision.isEmpty()) {
        result.put("latents_decision", decision);
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
