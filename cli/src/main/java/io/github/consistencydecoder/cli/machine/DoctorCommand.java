package io.github.consistencydecoder.cli.machine;

import io.github.consistencydecoder.cli.decode.DemoSample;
import io.github.consistencydecoder.cli.options.CommonOptions;
import io.github.consistencydecoder.cli.options.DeviceOptions;
import io.github.consistencydecoder.cli.options.InstalledModels;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.cli.shell.Interruption;
import io.github.consistencydecoder.cli.shell.Version;
import io.github.consistencydecoder.core.diagnostics.RuntimeReport;
import io.github.consistencydecoder.core.diagnostics.SelfTest;
import io.github.consistencydecoder.core.diagnostics.WarmStart;
import io.github.consistencydecoder.models.store.ModelStore;
import io.github.consistencydecoder.models.store.StoredModel;
import io.github.consistencydecoder.plugin.Availability;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.Encoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentDecoderProvider;
import io.github.consistencydecoder.plugin.PictureMetrics;
import java.io.IOException;
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

/** {@code doctor}. */
@Command(
    name = "doctor",
    description =
        "Show this machine, its decoders and its models; with --selftest, whether a model works.",
    footer = {
      "",
      "The self-test first evaluates a small network with known weights and compares the numbers,",
      "then opens the model and decodes with it. It exits with 1 if a check fails."
    })
public final class DoctorCommand implements Callable<Integer> {
  @Option(
      names = "--selftest",
      paramLabel = "ID|FOLDER|FILE",
      description = "Run the conformance and sanity checks on this model.")
  private String selfTest;

  @Mixin private DeviceOptions device;
  @Mixin private CommonOptions common;
  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Console console = common.console(spec.commandLine());
    DecoderConfig config = device.addTo(DecoderConfig.empty());
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("software", Version.software());
    console.result(Version.software());
    runtime(console, document);
    decoders(console, document);
    models(console, document);
    int exitCode = selfTest == null ? ExitCode.OK : selfTest(console, config, document);
    console.document(document);
    return exitCode;
  }

  private static void runtime(Console console, Map<String, Object> document) {
    RuntimeReport report = RuntimeReport.collect();
    console.result("java:     " + report.javaVersion());
    console.result("system:   " + report.os());
    console.result("cpu:      " + report.cpu() + ", " + report.cores() + " cores for this process");
    console.result(
        String.format(
            Locale.ROOT,
            "memory:   %.1f GB%s, %.1f GB available, Java heap at most %.1f GB",
            report.memoryBytes() / 1e9,
            report.limitBytes() > 0 ? " (the limit of this process's control groups)" : "",
            report.availableBytes() / 1e9,
            report.heapBytes() / 1e9));
    console.result("runtime:  ONNX Runtime " + report.runtimeVersion() + " " + report.providers());
    console.result("cuda:     " + report.cudaSentence());
    Map<String, Object> runtime = new LinkedHashMap<>();
    runtime.put("java", report.javaVersion());
    runtime.put("os", report.os());
    runtime.put("cpu", report.cpu());
    runtime.put("cores", report.cores());
    runtime.put("memory_bytes", report.memoryBytes());
    runtime.put("limit_bytes", report.limitBytes());
    runtime.put("available_bytes", report.availableBytes());
    runtime.put("heap_bytes", report.heapBytes());
    runtime.put("onnxruntime", report.runtimeVersion());
    runtime.put("providers", report.providers());
    runtime.put("cuda", report.cudaSentence());
    document.put("runtime", runtime);
  }

  private static void decoders(Console console, Map<String, Object> document) {
    List<Map<String, Object>> decoders = new ArrayList<>();
    for (LatentDecoderProvider provider : Decoders.providers()) {
      Availability availability = Decoders.availability(provider);
      console.result(
          "decoder:  "
              + provider.name()
              + (availability.available() ? ", " : ", not available: ")
              + availability.reason());
      decoders.add(
          Map.of(
              "name", provider.name(),
              "available", availability.available(),
              "reason", availability.reason()));
    }
    document.put("decoders", decoders);
    List<String> problems =
        Stream.of(Decoders.problems(), Encoders.problems(), PictureMetrics.problems())
            .flatMap(List::stream)
            .toList();
    problems.forEach(console::warning);
    document.put("plugin_problems", problems);
  }

  private static void models(Console console, Map<String, Object> document) throws IOException {
    ModelStore store = ModelStore.standard();
    console.result("store:    " + store.folder());
    console.result("cache:    " + store.cacheFolder());
    List<Map<String, Object>> models = new ArrayList<>();
    for (StoredModel model : store.list()) {
      String state =
          model.state() == StoredModel.State.INSTALLED
              ? "here"
              : model.state().name().toLowerCase(Locale.ROOT);
      console.result("model:    " + model.entry().id() + ", " + state);
      models.add(Map.of("id", model.entry().id(), "state", state));
    }
    document.put("store", store.folder().toString());
    document.put("cache", store.cacheFolder().toString());
    document.put("models", models);
  }

  private int selfTest(Console console, DecoderConfig config, Map<String, Object> document)
      throws IOException {
    try (Interruption.Guard guard = Interruption.process().guard()) {
      console.result("self-test of " + selfTest + ":");
      SelfTest.Report report =
          SelfTest.run(
              config.with(DecoderConfig.MODEL, selfTest),
              line -> {
                guard.cancellation().check();
                console.result("  " + line);
              });
      if (guard.interrupted()) {
        return guard.exitCode();
      }
      console.result(report.passed() ? "self-test passed" : "self-test FAILED");
      document.put("selftest", Map.of("passed", report.passed(), "lines", report.lines()));
      if (report.passed()) {
        document.put("warm_start", warmStart(console, config, guard));
      }
      if (guard.interrupted()) {
        return guard.exitCode();
      }
      return report.passed() ? ExitCode.OK : ExitCode.FAILED;
    }
  }

  /**
   * What the model makes of the starts that there are: the preview, and the store's VAE and TAESD.
   */
  private List<Map<String, Object>> warmStart(
      Console console, DecoderConfig config, Interruption.Guard guard) throws IOException {
    InstalledModels installed = InstalledModels.of(ModelStore.standard());
    Map<String, DecoderConfig> starts = new LinkedHashMap<>();
    starts.put("preview", config);
    installed.vae().ifPresent(id -> starts.put("vae", config.with(DecoderConfig.MODEL, id)));
    installed.taesd().ifPresent(id -> starts.put("taesd", config.with(DecoderConfig.MODEL, id)));
    List<Map<String, Object>> found = new ArrayList<>();
    try (LatentDecoder decoder =
        Decoders.open("consistency", config.with(DecoderConfig.MODEL, selfTest))) {
      WarmStart trial = WarmStart.of(decoder, DemoSample.latents(), guard.cancellation());
      for (Map.Entry<String, DecoderConfig> start : starts.entrySet()) {
        try (LatentDecoder opened = Decoders.open(start.getKey(), start.getValue())) {
          WarmStart.Found one = trial.from(opened);
          console.result("  warm start from " + start.getKey() + ": " + one.sentence());
          found.add(
              Map.of(
                  "start", start.getKey(),
                  "psnr_to_two_steps", one.psnr(),
                  "psnr_of_another_seed", one.other(),
                  "tint", one.tint(),
                  "sentence", one.sentence()));
        }
      }
    } catch (DecoderException e) {
      if (!guard.interrupted()) {
        throw e;
      }
    }
    return found;
  }
}
