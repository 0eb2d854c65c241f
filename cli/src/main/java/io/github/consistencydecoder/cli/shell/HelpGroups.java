package io.github.consistencydecoder.cli.shell;

import static picocli.CommandLine.Model.UsageMessageSpec.SECTION_KEY_OPTION_LIST;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** Writes the options of a command's help in groups, each option with its default. */
public final class HelpGroups {
  private static final int NAMES = 26;
  private static final String REST = "More";

  /** Groups in the order of the help, with the options of several commands. */
  private static final Map<String, Set<String>> GROUPS = new LinkedHashMap<>();

  static {
    GROUPS.put(
        "Input",
        Set.of(
            "--latents",
            "--tensor",
            "--shape",
            "--raw-dtype",
            "--fit",
            "--size",
            "--truth",
            "--pictures",
            "--keep",
            "--mask",
            "--scaled",
            "--unscaled",
            "--store"));
    GROUPS.put(
        "Output",
        Set.of(
            "--output",
            "--format",
            "--force",
            "--rounding",
            "--title",
            "--report-size",
            "--crop",
            "--crops",
            "--crop-size",
            "--no-metadata"));
    GROUPS.put(
        "Sampling",
        Set.of(
            "--seed",
            "--seeds",
            "--noise",
            "--noise-shared",
            "--schedule",
            "--steps",
            "--dialect",
            "--tiling",
            "--start",
            "--feather",
            "--grow",
            "--region"));
    GROUPS.put(
        "Model",
        Set.of("--model", "--decoder", "--encoder", "--encoder-model", "--target", "--lpips"));
    GROUPS.put(
        "Device",
        Set.of(
            "--device",
            "--threads",
            "--dtype",
            "--cuda-options",
            "--cache",
            "--memory",
            "--convolutions",
            "--layout"));
    GROUPS.put(REST, Set.of());
  }

  private HelpGroups() {}

  /** The options of a command as its help shows them. */
  public static String options(Help help) {
    Map<String, List<OptionSpec>> found = new LinkedHashMap<>();
    GROUPS.keySet().forEach(group -> found.put(group, new ArrayList<>()));
    for (OptionSpec option : help.commandSpec().options()) {
      if (!option.hidden()) {
        found.get(group(option)).add(option);
      }
    }
    StringBuilder text = new StringBuilder();
    boolean alone = found.values().stream().filter(options -> !options.isEmpty()).count() == 1;
    int width = help.commandSpec().usageMessage().width();
    found.forEach(
        (group, options) -> {
          if (!options.isEmpty()) {
            text.append(alone ? "" : String.format("%n%s:%n", group));
            options.forEach(option -> append(text, option, width));
          }
        });
    return text.toString();
  }

  private static String group(OptionSpec option) {
    return GROUPS.entrySet().stream()
        .filter(group -> group.getValue().contains(option.longestName()))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse(REST);
  }

  private static void append(StringBuilder text, OptionSpec option, int width) {
    String label = option.arity().max() == 0 ? "" : "=" + option.paramLabel();
    String names = "  " + String.join(", ", option.names()) + label;
    List<String> lines = wrapped(sentence(option), width - NAMES);
    if (names.length() >= NAMES) {
      text.append(names).append(System.lineSeparator());
      names = "";
    }
    for (String line : lines) {
      text.append(names)
          .append(" ".repeat(NAMES - names.length()))
          .append(line)
          .append(System.lineSeparator());
      names = "";
    }
  }

  private static String sentence(OptionSpec option) {
    String said =
        String.join(" ", option.description())
            .replace("${DEFAULT-VALUE}", String.valueOf(option.defaultValue()));
    if (option.required()) {
      return said + " Required.";
    }
    boolean needsDefault = option.arity().max() > 0 && !said.contains("efault");
    return said + (needsDefault ? " Default: none." : "");
  }

  private static List<String> wrapped(String text, int width) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.split(" ", -1)) {
      if (line.length() > 0 && line.length() + 1 + word.length() > width) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.length() == 0 ? "" : " ").append(word);
    }
    lines.add(line.toString());
    return lines;
  }

  /** Lines joined to paragraphs; empty lines and those that begin with a blank stay. */
  private static String[] joined(String... lines) {
    List<String> paragraphs = new ArrayList<>();
    boolean open = false;
    for (String line : lines) {
      boolean text = !line.isEmpty() && !line.startsWith(" ");
      if (open && text) {
        int last = paragraphs.size() - 1;
        paragraphs.set(last, paragraphs.get(last) + " " + line);
      } else {
        paragraphs.add(line);
      }
      open = text && !line.endsWith(":");
    }
    return paragraphs.toArray(new String[0]);
  }

  /** Makes a command and its parts write their help so. */
  public static CommandLine of(CommandLine command) {
    command.getHelpSectionMap().put(SECTION_KEY_OPTION_LIST, HelpGroups::options);
    UsageMessageSpec usage = command.getCommandSpec().usageMessage();
    usage
        .abbreviateSynopsis(true)
        .description(joined(usage.description()))
        .footer(joined(usage.footer()));
    command.getSubcommands().values().forEach(HelpGroups::of);
    return command;
  }
}
