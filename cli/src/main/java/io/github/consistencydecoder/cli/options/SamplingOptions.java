package io.github.consistencydecoder.cli.options;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.Schedule;
import io.github.consistencydecoder.plugin.Tiling;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** At which timesteps the network is evaluated, and what happens between them. */
public final class SamplingOptions {
  @ArgGroup private Timesteps timesteps;

  @Option(
      names = "--clamp",
      paramLabel = "each-step|none",
      defaultValue = "each-step",
      description =
          "Clamp to [-1,1] after each step, as OpenAI does, or never, as diffusers does. Default:"
              + " ${DEFAULT-VALUE}.")
  private String clamp;

  @Option(
      names = "--tiling",
      paramLabel = "auto|whole|exact|overlapped",
      defaultValue = "auto",
      description = {
        "How a picture that is large for the memory may be divided. exact: in bands that give the",
        "same picture, in more time; overlapped: in tiles that give nearly the same; whole: never.",
        "auto: the same picture, in bands if it is large, else overlapped, which is said. Default:",
        "${DEFAULT-VALUE}."
      })
  private String tiling;

  /** One of two ways to say when. */
  static final class Timesteps {
    @Option(
        names = "--steps",
        paramLabel = "N",
        description = "Evenly spread steps, 1 to 64. Default: 2, that is 1008,512.")
    private Integer steps;

    @Option(
        names = "--schedule",
        paramLabel = "T,T..",
        description = "The timesteps themselves, for example 1008,512.")
    private String schedule;
  }

  /** The timesteps. */
  public Schedule schedule() {
    if (timesteps == null) {
      return Schedule.TWO_STEPS;
    }
    try {
      return timesteps.steps != null
          ? Schedule.steps(timesteps.steps)
          : Schedule.parse(timesteps.schedule);
    } catch (IllegalArgumentException e) {
      throw new CliException(
          ExitCode.USAGE,
          (timesteps.steps != null ? "--steps: " : "--schedule: ") + e.getMessage(),
          e);
    }
  }

  /** How a large picture may be divided. */
  public Tiling tiling() {
    try {
      return Tiling.parse(tiling);
    } catch (IllegalArgumentException e) {
      throw new CliException(ExitCode.USAGE, "--tiling: " + e.getMessage(), e);
    }
  }

  /** What happens between the steps. */
  public ClampMode clamp() {
    try {
      return ClampMode.parse(clamp);
    } catch (IllegalArgumentException e) {
      throw new CliException(ExitCode.USAGE, "--clamp: " + e.getMessage(), e);
    }
  }
}
