package io.github.consistencydecoder.cli.compare;

import io.github.consistencydecoder.cli.encode.EncoderChoice;
import io.github.consistencydecoder.cli.encode.OpenEncoder;
import io.github.consistencydecoder.cli.options.DecoderSpec;
import io.github.consistencydecoder.cli.options.InstalledModels;
import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.cli.shell.Failure;
import io.github.consistencydecoder.cli.shell.Interruption;
import io.github.consistencydecoder.cli.shell.Progress;
import io.github.consistencydecoder.cli.shell.Version;
import io.github.consistencydecoder.compare.Comparison;
import io.github.consistencydecoder.compare.ComparisonSummary;
import io.github.consistencydecoder.formats.pictures.PictureFit;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Start;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One comparison: opens what takes part, once, compares all inputs and closes everything.
 *
 * <p>Owns decoders, encoder and metric while it runs.
 */
final class CompareRun {
  private final Console console;
  private final Plan plan;
  private final CompareReport report = new CompareReport();

  /**
   * What is to be done.
   *
   * @param folder takes the results
   * @param files latents and photographs
   * @param sources pictures that belong to them, or are the inputs
   * @param columns decoders, after the pictures that were decoded elsewhere
   * @param encoder of photographs; empty if nothing is encoded
   * @param fit of photographs
   * @param latents how their files are read
   * @param lpips weights, if it is to be measured
   * @param installed models, where a decoder that makes a start names none
   * @param device what decoders, encoder and metric run on
   */
  record Plan(
      OutputFolder folder,
      List<Path> files,
      InputList.Sources sources,
      List<DecoderSpec> columns,
      Optional<EncoderChoice> encoder,
      PictureFit fit,
      Subject.LatentsSubject.Reading latents,
      Optional<Path> lpips,
      InstalledModels installed,
      DecoderConfig device) {
    Plan {
      files = List.copyOf(files);
      columns = List.copyOf(columns);
    }
  }

  CompareRun(Console console, Plan plan) {
    this.console = console;
    this.plan = plan;
  }

  /**
   * Compares and returns the exit code, that of the first failure if there was one.
   *
   * @param builder with everything but columns and distances
   */
  int compare(Comparison.Builder builder) {
    int exitCode;
    try (Interruption.Guard guard = Interruption.process().guard()) {
      // What is opened and closed below must be closed before the guard ends: see Interruption.
      exitCode = compare(builder, guard);
    }
    console.document(report.document(exitCode));
    return exitCode;
  }

  private int compare(Comparison.Builder builder, Interruption.Guard guard) {
    try (OpenColumns decoders = new OpenColumns();
        OpenEncoder encoder = openEncoder();
        LpipsDistance lpips = openLpips()) {
      List<FileInput> inputs = inputs(encoder, guard);
      int units = Math.max(1, plan.columns().size());
      CompareListener listener = new CompareListener(console, guard.cancellation(), units);
      addColumns(builder, decoders, listener, guard);
      if (lpips != null) {
        builder.distance(lpips);
      }
      try (Progress progress =
          console.progress("comparing", (long) inputs.size() * units, " pictures", 1)) {
        listener.show(progress);
        return compare(builder.build(), inputs, listener, guard);
      }
    } catch (RuntimeException e) {
      if (guard.interrupted()) {
        console.note("interrupted");
        return guard.exitCode();
      }
      throw e;
    }
  }

  private OpenEncoder openEncoder() {
    if (plan.encoder().isEmpty()) {
      return null;
    }
    EncoderChoice choice = plan.encoder().get();
    if (!choice.said().isEmpty()) {
      console.note(choice.said());
    }
    try (Progress progress = console.progress("opening the encoder", -1, "", 1)) {
      progress.reached(0);
      OpenEncoder encoder = OpenEncoder.open(choice, plan.device());
      report.encoder(encoder.info());
      return encoder;
    }
  }

  private LpipsDistance openLpips() {
    if (plan.lpips().isEmpty()) {
      return null;
    }
    // It has one precision, whatever was asked for the decoders.
    DecoderConfig config = DecoderConfig.empty();
    for (String key : List.of(DecoderConfig.DEVICE, DecoderConfig.THREADS, "cache")) {
      Optional<String> value = plan.device().get(key);
      config = value.isPresent() ? config.with(key, value.get()) : config;
    }
    return LpipsDistance.open(plan.lpips().get(), config);
  }

  private List<FileInput> inputs(OpenEncoder encoder, Interruption.Guard guard) {
    FileInput.Reading reading = new FileInput.Reading(plan.fit(), new FileDigests(), console::note);
    Optional<Subject.PhotographSubject.Encoding> encoding =
        Optional.ofNullable(encoder)
            .map(open -> new Subject.PhotographSubject.Encoding(open, guard.cancellation()));
    return new InputList(plan.sources(), reading, plan.latents())
        .of(plan.files(), file -> new Subject.PhotographSubject(file, plan.fit(), encoding));
  }

  /** Pictures first: they are what people know, and the first column is the reference. */
  private void addColumns(
      Comparison.Builder builder,
      OpenColumns decoders,
      CompareListener listener,
      Interruption.Guard guard) {
    plan.sources().decoded().keySet().forEach(builder::pictures);
    for (DecoderSpec column : plan.columns()) {
      LatentDecoder decoder;
      try (Progress progress = console.progress("opening '" + column.name() + "'", -1, "", 1)) {
        progress.reached(0);
        decoder = decoders.open(column, plan.device());
      }
      DecodeOptions.Builder options = column.options().toBuilder();
      column
          .start(plan.columns(), plan.installed(), console::note)
          .map(start -> decoders.open(start, plan.device()))
          .ifPresent(start -> options.start(Start.decodedBy(start)));
      report.decoder(column.name(), decoder.info(), options.build());
      builder.decoder(
          column.name(),
          decoder,
          column.config(plan.device()),
          options.listener(listener.of(column.name())).cancellation(guard.cancellation()).build());
      guard.cancellation().check();
    }
  }

  private int compare(
      Comparison comparison,
      List<FileInput> inputs,
      CompareListener listener,
      Interruption.Guard guard) {
    Path folder = plan.folder().path();
    try {
      ComparisonSummary summary = comparison.run(inputs, folder, listener);
      if (summary.reused() > 0) {
        console.note(summary.reused() + " of " + inputs.size() + " inputs were done already");
      }
      report.compared(folder, summary, listener.failures());
      OutputFolder.FILES.forEach(file -> console.result(folder.resolve(file).toString()));
      return listener.failures().values().stream()
          .findFirst()
          .map(Failure::exitCode)
          .orElse(ExitCode.OK);
    } catch (IOException e) {
      throw new CliException(
          ExitCode.FAILED,
          Failure.of(folder + ": cannot be written", ExitCode.FAILED, e).message(),
          e);
    } catch (RuntimeException e) {
      if (!guard.interrupted()) {
        throw e;
      }
      console.note(
          "interrupted; %s of %s inputs are done, the same command goes on from there"
              .formatted(listener.finished(), inputs.size()));
      return guard.exitCode();
    }
  }

  /** What {@code --json} prints after a comparison; the numbers are in {@code metrics.json}. */
  private static final class CompareReport {
    private static final double NANOS = 1e9;

    private final long start = System.nanoTime();
    private final Map<String, Object> document = new LinkedHashMap<>();
    private final List<Map<String, Object>> decoders = new ArrayList<>();

    void encoder(DecoderInfo info) {
      document.put("encoder", about(info));
    }

    void decoder(String name, DecoderInfo info, DecodeOptions options) {
      Map<String, Object> about = new LinkedHashMap<>();
      about.put("name", name);
      about.putAll(about(info));
      about.put("schedule", options.schedule().toString());
      about.put("seed", options.noise().toString());
      about.put("clamp", options.clamp().id());
      decoders.add(about);
    }

    private static Map<String, Object> about(DecoderInfo info) {
      Map<String, Object> about = new LinkedHashMap<>();
      about.put("plugin", info.provider());
      about.put("model", info.model());
      about.put("digest", info.digest());
      about.put("device", info.device());
      return about;
    }

    void compared(Path folder, ComparisonSummary summary, Map<String, Failure> failures) {
      Map<String, Object> files = new LinkedHashMap<>();
      OutputFolder.FILES.forEach(file -> files.put(file, folder.resolve(file).toString()));
      document.put("files", files);
      document.put("compared", summary.compared());
      document.put("reused", summary.reused());
      List<Map<String, Object>> failed = new ArrayList<>();
      failures.forEach(
          (input, failure) -> {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("input", input);
            one.put("error", failure.message());
            one.put("exit_code", failure.exitCode());
            failed.add(one);
          });
      document.put("failures", failed);
    }

    Map<String, Object> document(int exitCode) {
      Map<String, Object> all = new LinkedHashMap<>();
      all.put("software", Version.software());
      all.put("exit_code", exitCode);
      all.put("decoders", decoders);
      all.putAll(document);
      all.put("seconds", (System.nanoTime() - start) / NANOS);
      return all;
    }
  }

  /**
   * The decoders of a comparison. Two columns with the same plugin and settings share one, since it
   * may hold gigabytes.
   *
   * <p>Owns the decoders.
   */
  private static final class OpenColumns implements AutoCloseable {
    private final List<LatentDecoder> opened = new ArrayList<>();
    private final Map<String, LatentDecoder> known = new HashMap<>();

    /** The decoder of a column, opened if no other column has it. Borrowed until {@link #close}. */
    LatentDecoder open(DecoderSpec spec, DecoderConfig device) {
      DecoderConfig config = spec.config(device);
      String key = spec.plugin() + " " + config;
      LatentDecoder decoder = known.get(key);
      if (decoder == null) {
        decoder = Decoders.open(spec.plugin(), config);
        opened.add(decoder);
        known.put(key, decoder);
      }
      return decoder;
    }

    /** Closes all, the last one first; a failure does not keep the others open. */
    @Override
    public void close() {
      RuntimeException failure = null;
      for (int i = opened.size() - 1; i >= 0; i--) {
        try {
          opened.get(i).close();
        } catch (RuntimeException e) {
          if (failure == null) {
            failure = e;
          } else {
            failure.addSuppressed(e);
          }
        }
      }
      opened.clear();
      known.clear();
      if (failure != null) {
        throw failure;
      }
    }
  }
}
