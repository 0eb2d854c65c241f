package io.github.consistencydecoder.cli.options;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Which decoder, and what it runs on. */
public final class DecoderOptions {
  /** The decoder of this project. */
  public static final String CONSISTENCY = "consistency";

  /** Id of the model that comes with the program. */
  public static final String TINY = "tiny";

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
      paramLabel = "NAME",
      defaultValue = CONSISTENCY,
      description = "Decoder plugin; 'doctor' lists them. Default: ${DEFAULT-VALUE}.")
  private String decoder;

  @Option(
      names = "--provider",
      paramLabel = "auto|cpu|cuda[:N]",
      description = "What to compute on. Default: auto, CUDA where it can be had, else the CPU.")
  private String provider;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of one evaluation. Default: as many as there are cores.")
  private Integer threads;

  @Option(
      names = "--dtype",
      paramLabel = "auto|float32|float16",
      description = "Precision of the network's arithmetic. Default: auto.")
  private String dtype;

  @Option(
      names = "--cache",
      paramLabel = "FOLDER",
      description = "Where optimised networks are kept. Default: beside the model store.")
  private Path cache;

  /** The model asked for, or the preview if none was. */
  public String model() {
    return model == null ? TINY : model;
  }

  /** These options with another model, where none was asked for. */
  public void modelUnlessGiven(String other) {
    if (model == null) {
      model = other;
    }
  }

  /** What to open. */
  public DecoderConfig config() {
    DecoderConfig config = DecoderConfig.empty();
    // Another plugin need not know our preview.
    if (model != null || decoder.equals(CONSISTENCY)) {
      config = config.with(DecoderConfig.MODEL, model());
    }
    if (provider != null) {
      if (!provider.matches("auto|cpu|cuda(:\\d{1,3})?")) {
        throw usage("--provider " + provider + ": auto, cpu, cuda or cuda:N is needed");
      }
      config = config.with(DecoderConfig.DEVICE, provider);
    }
    if (threads != null) {
      if (threads < 1) {
        throw usage("--threads " + threads + ": at least 1 is needed");
      }
      config = config.with(DecoderConfig.THREADS, threads.toString());
    }
    if (dtype != null) {
      if (!dtype.matches("auto|float32|float16")) {
        throw usage("--dtype " + dtype + ": auto, float32 or float16 is needed");
      }
      config = config.with(DecoderConfig.DTYPE, dtype);
    }
    if (cache != null) {
      config = config.with("cache", cache.toAbsolutePath().toString());
    }
    return config;
  }

  /** Opens the decoder; the caller closes it. Says so if the picture will be a preview. */
  public LatentDecoder open(Console console) {
    DecoderConfig config = config();
    if (model == null && decoder.equals(CONSISTENCY)) {
      console.note(
          "decoding with the bundled preview model 'tiny', not with OpenAI's decoder; give --model"
              + " for another ('models list' shows what there is)");
    }
    return Decoders.open(decoder, config);
  }

  private static CliException usage(String message) {
    return new CliException(ExitCode.USAGE, message);
  }
}
