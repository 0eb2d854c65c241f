package io.github.consistencydecoder.cli.options;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.core.opening.ModelSettings;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options for the decoder and its device. */
public final class DecoderOptions {
  private static final String CONSISTENCY = "consistency";
  private static final String TINY = "tiny";

  /** Key of the decoder over the wire: where the service is. */
  private static final String TARGET = "target";

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
      names = "--convolutions",
      paramLabel = "auto|direct|winograd",
      description = {
        "How the consistency decoder computes on the CPU. winograd takes half the time and maps",
        "twice the weights. Default: auto, winograd where memory allows."
      })
  private String convolutions;

  @Option(
      names = "--layout",
      paramLabel = "auto|nchw|nhwc",
      description = {
        "In which order the consistency decoder keeps its values. nhwc suits NVIDIA GPUs; on the",
        "CPU it is slow and for checking. Default: auto, nhwc on a GPU."
      })
  private String layout;

  @Option(
      names = "--target",
      paramLabel = "ADDRESS",
      description = {
        "Where the service is, for the decoder 'remote': host:port, unix:PATH, or several with",
        "commas."
      })
  private String target;

  @Mixin private DeviceOptions device;
  @Mixin private DeviceOptions.MemoryOption memory;

  /** Name of the plugin. */
  public String plugin() {
    return decoder;
  }

  /** What decoders run on, whichever they are; throws if an option has no such value. */
  public DecoderConfig surroundings() {
    return memory.addTo(device.addTo(DecoderConfig.empty()));
  }

  /** What to open; throws if an option has no such value. */
  public DecoderConfig config() {
    DecoderConfig config = DecoderConfig.empty();
    if (model != null) {
      config = config.with(DecoderConfig.MODEL, model);
    } else if (decoder.equals(CONSISTENCY)) {
      // Another plugin need not know our preview.
      config = config.with(DecoderConfig.MODEL, TINY);
    }
    if (convolutions != null) {
      if (!convolutions.matches("auto|direct|winograd")) {
        throw new CliException(
            ExitCode.USAGE,
            "--convolutions " + convolutions + ": auto, direct or winograd is needed");
      }
      config = config.with(ModelSettings.CONVOLUTIONS, convolutions);
    }
    if (layout != null) {
      if (!layout.matches("auto|nchw|nhwc")) {
        throw new CliException(
            ExitCode.USAGE, "--layout " + layout + ": auto, nchw or nhwc is needed");
      }
      config = config.with(ModelSettings.LAYOUT, layout);
    }
    if (target != null) {
      config = config.with(TARGET, target);
    }
    return memory.addTo(device.addTo(config));
  }

  /** Opens the decoder; the caller closes it. Says so if the picture will be a preview. */
  public LatentDecoder open(Console console) {
    DecoderConfig config = config();
    if (model == null && decoder.equals(CONSISTENCY)) {
      console.note(
          "decoding with the bundled preview model 'tiny', not with OpenAI's decoder; give --model"
              + " for another ('models list' shows them)");
    }
    return Decoders.open(decoder, config);
  }
}
