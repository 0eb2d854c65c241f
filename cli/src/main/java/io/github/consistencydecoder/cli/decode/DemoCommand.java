package io.github.consistencydecoder.cli.decode;

import io.github.consistencydecoder.cli.latents.LatentsFile;
import io.github.consistencydecoder.cli.latents.LoadedLatents;
import io.github.consistencydecoder.cli.latents.ScaleChoice;
import io.github.consistencydecoder.cli.options.CommonOptions;
import io.github.consistencydecoder.cli.options.DecoderOptions;
import io.github.consistencydecoder.cli.options.SamplingOptions;
import io.github.consistencydecoder.cli.pictures.OutputPlan;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Pixels;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code demo}: the latents that come with the program, decoded. */
@Command(
    name = "demo",
    description = "Decode the sample latents that come with the program, a cat.",
    footer = {
      "",
      "The latents were made from chelsea.png of scikit-image (Stefan van der Walt, CC0). Prints",
      "where the picture is."
    })
public final class DemoCommand implements Callable<Integer> {
  private static final String RESOURCE =
      "/io/github/consistencydecoder/cli/demo/chelsea.safetensors";
  private static final String PICTURE = "consistency-decoder-demo";

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FOLDER",
      defaultValue = ".",
      description = "Where to put the picture. Default: the current folder.")
  private Path folder;

  @Mixin private SamplingOptions sampling;
  @Mixin private DecoderOptions decoder;
  @Mixin private CommonOptions common;
  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Console console = common.console(spec.commandLine());
    DecodeOptions options =
        DecodeOptions.builder().schedule(sampling.schedule()).clamp(sampling.clamp()).build();
    decoder.config();
    Path latents = Files.createTempFile(PICTURE, ".safetensors");
    try {
      try (InputStream in = DemoCommand.class.getResourceAsStream(RESOURCE)) {
        Files.copy(in, latents, StandardCopyOption.REPLACE_EXISTING);
      }
      Path picture = folder.resolve(PICTURE + ".png").toAbsolutePath().normalize();
      // It is our own name and the same picture every time, so it may be replaced.
      OutputPlan plan = OutputPlan.of(List.of(latents), picture, null, true);
      return new DecodeRun(
              console, decoder, plan, Pixels.Rounding.NEAREST, input -> "the sample latents")
          .decode(
              List.of(latents),
              input -> {
                LoadedLatents loaded = LatentsFile.read(input, ScaleChoice.AUTO, null, null);
                return new DecodeRun.Work(loaded.latents(), "", options);
              });
    } finally {
      Files.deleteIfExists(latents);
    }
  }
}
