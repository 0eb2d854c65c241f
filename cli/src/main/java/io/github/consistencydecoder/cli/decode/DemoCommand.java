package io.github.consistencydecoder.cli.decode;

import io.github.consistencydecoder.cli.options.CommonOptions;
import io.github.consistencydecoder.cli.options.DecoderOptions;
import io.github.consistencydecoder.cli.options.SamplingOptions;
import io.github.consistencydecoder.cli.output.OutputPlan;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.formats.latents.DecodeRequest;
import io.github.consistencydecoder.formats.latents.LoadedLatents;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.Pixels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code demo}: the latents that come with the program, decoded and compared. */
@Command(
    name = "demo",
    description = {
      "Decode the sample latents that come with the program, a cat, and compare what decoders make",
      "of them: the linear preview, the tiny model after one step and after two, and, if you"
          + " choose",
      "another, yours."
    },
    footer = {
      "",
      "Leaves a picture and the folder consistency-decoder-demo with report.html, sheet.png,",
      "metrics.json and metrics.csv, and prints where they are; it replaces those of an earlier"
          + " run.",
      "The photograph is chelsea.png of scikit-image (Stefan van der Walt, CC0), the latents were",
      "made from it."
    })
public final class DemoCommand implements Callable<Integer> {
  private static final String NAME = "consistency-decoder-demo";

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FOLDER",
      defaultValue = ".",
      description = "Where to put picture and report. Default: the current folder.")
  private Path folder;

  @Mixin private SamplingOptions sampling;
  @Mixin private DecoderOptions decoder;
  @Mixin private CommonOptions common;
  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Console console = common.console(spec.commandLine());
    DecodeOptions options = sampling.read().build();
    DecoderConfig config = decoder.config();
    LoadedLatents loaded = LoadedLatents.of(DemoSample.latents());
    Path sample = Path.of(NAME);
    Path out = folder.toAbsolutePath().normalize();
    // It is our own name and the same picture every time, so it may be replaced.
    OutputPlan plan =
        OutputPlan.of(
            List.of(sample), out.resolve(NAME + ".png"), null, true, Pixels.Rounding.NEAREST);
    DemoReport report = new DemoReport(console, config, out.resolve(NAME));
    try (DecodeRun run = new DecodeRun(console, decoder, true)) {
      run.decode(
          "the sample latents", () -> new DecodeRequest<>(loaded, options, plan.files(sample, 1)));
      run.report(
          (opened, cancellation) -> report.write(loaded.latents(), opened, options, cancellation));
      return run.end();
    }
  }
}
