package io.github.consistencydecoder.cli.decode;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.formats.latents.NoiseFiles;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Schedule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** Where the noise comes from. */
final class NoiseOptions {
  @ArgGroup private Source source;

  /** One of three ways to say so. */
  static final class Source {
    @Option(
        names = "--seed",
        paramLabel = "N",
        description =
            "Seed of PyTorch's CPU generator, one for the whole batch of a file. Default: 0.")
    private Long seed;

    @Option(
        names = "--seeds",
        paramLabel = "N",
        split = ",",
        description = "One seed per picture of a batch; then a batch equals the single decodes.")
    private List<Long> seeds;

    @Option(
        names = "--noise",
        paramLabel = "FILE",
        split = ",",
        description = {
          "Noise instead of a seed: a .safetensors with noise0, noise1, .. of shape [N,3,H,W],",
          "or a .npy per step; one .npy may hold all steps stacked, [steps*N,3,H,W]."
        })
    private List<Path> noise;
  }

  /** The noise for these latents. */
  Noise noise(Latents latents, Schedule schedule) throws IOException {
    if (source == null) {
      return Noise.DEFAULT;
    }
    if (source.seed != null) {
      return Noise.seeded(source.seed);
    }
    if (source.seeds != null) {
      if (source.seeds.size() != latents.batch()) {
        throw new CliException(
            ExitCode.USAGE,
            "--seeds: "
                + source.seeds.size()
                + " given, the batch has "
                + latents.batch()
                + " latents");
      }
      return Noise.seededPerImage(source.seeds);
    }
    try {
      return NoiseFiles.read(source.noise, latents, schedule.timesteps().size());
    } catch (IllegalArgumentException e) {
      throw new CliException(ExitCode.USAGE, "--noise: " + e.getMessage(), e);
    }
  }
}
