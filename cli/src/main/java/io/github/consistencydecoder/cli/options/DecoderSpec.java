package io.github.consistencydecoder.cli.options;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.plugin.DecodeOption;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One decoder of a comparison, as {@code --decoder} writes it:
 *
 * <pre>
 * spec    = [ name "=" ] plugin [ ":" setting { "," setting } ]
 * setting = key "=" value            a comma that no key and "=" follow belongs to the value
 * </pre>
 *
 * The names of {@link DecodeOption} say how to decode; every other key is a setting of the plugin,
 * which refuses those that it does not know.
 *
 * @param name in headings and files
 * @param plugin name of a provider
 * @param settings of the plugin, in the order in which they were written
 * @param options without listener, cancellation and start
 * @param start what the decode starts from: another decoder of the same form, or empty for noise
 */
public record DecoderSpec(
    String name, String plugin, Map<String, String> settings, DecodeOptions options, String start) {
  /** The decoder over the wire. */
  private static final String REMOTE = "remote";

  private static final String START = "start";

  private static final Pattern FORM =
      Pattern.compile("(?:(?<name>[^=:]+)=)?(?<plugin>[a-z][a-z0-9-]*)(?::(?<settings>.*))?");
  private static final Pattern BETWEEN = Pattern.compile(",(?=[a-z][a-z-]*=)");

  public DecoderSpec {
    settings = new LinkedHashMap<>(settings);
  }

  /**
   * Reads the form above.
   *
   * @param seed where the text names none
   * @throws CliException if the text is no such thing
   */
  public static DecoderSpec parse(String text, long seed) {
    Matcher matcher = FORM.matcher(text.strip());
    if (!matcher.matches()) {
      throw usage(
          text, "[NAME=]PLUGIN[:key=value,..] is needed, for example one=consistency:steps=1");
    }
    Map<DecodeOption, String> decoding = new LinkedHashMap<>();
    Map<String, String> settings = new LinkedHashMap<>();
    String start = "";
    if (matcher.group("settings") != null) {
      for (String setting : BETWEEN.split(matcher.group("settings"), -1)) {
        int equals = setting.indexOf('=');
        if (equals < 1) {
          throw usage(text, "'" + setting + "' is not of the form key=value");
        }
        String key = setting.substring(0, equals);
        String value = setting.substring(equals + 1);
        if (key.equals(START)) {
          start = value;
          continue;
        }
        String earlier =
            DecodeOption.named(key)
                .filter(DecodeOption::readable)
                .map(option -> Optional.ofNullable(decoding.putIfAbsent(option, value)))
                .orElseGet(() -> Optional.ofNullable(settings.putIfAbsent(key, value)))
                .orElse(null);
        if (earlier != null) {
          throw usage(text, "'" + key + "' is there twice");
        }
      }
    }
    String plugin = matcher.group("plugin");
    String name = matcher.group("name") == null ? plugin : matcher.group("name").strip();
    return new DecoderSpec(name, plugin, settings, options(text, decoding, seed), start);
  }

  private static DecodeOptions options(String text, Map<DecodeOption, String> decoding, long seed) {
    DecodeOptions.Builder options = DecodeOptions.builder().seed(seed);
    try {
      DecodeOption.readAll(decoding, option -> "'" + option.id() + "'", options);
    } catch (IllegalArgumentException e) {
      throw new CliException(ExitCode.USAGE, "--decoder " + text + ": " + e.getMessage(), e);
    }
    return options.build();
  }

  /** Settings for all decoders, with this one's own in their place. */
  public DecoderConfig config(DecoderConfig all) {
    // What it computes on is the service's own; options of this program are for the others.
    DecoderConfig config = plugin.equals(REMOTE) ? DecoderConfig.empty() : all;
    for (Map.Entry<String, String> setting : settings.entrySet()) {
      config = config.with(setting.getKey(), setting.getValue());
    }
    return config;
  }

  /**
   * The decoder that makes the start, if there is one: another column by its name, or of the form
   * above.
   *
   * @param columns that take part
   * @param note takes a sentence about the choice of a model
   * @throws CliException if it is no such thing, or a decoder of the same kind
   */
  public Optional<DecoderSpec> start(
      List<DecoderSpec> columns, InstalledModels installed, Consumer<String> note) {
    if (start.isEmpty() || start.equals("noise")) {
      return Optional.empty();
    }
    DecoderSpec found =
        columns.stream()
            .filter(column -> column.name().equals(start) && !column.equals(this))
            .findFirst()
            .orElseGet(() -> Choice.complete(parse(start, 0), installed, note));
    if (found.plugin().equals(plugin)) {
      throw usage(
          name,
          "start="
              + start
              + " is a decoder of the same kind; a cheaper one is needed, such as vae");
    }
    return Optional.of(found);
  }

  /** The same with another model. */
  public DecoderSpec withModel(String model) {
    Map<String, String> more = new LinkedHashMap<>(settings);
    more.put(DecoderConfig.MODEL, model);
    return new DecoderSpec(name, plugin, more, options, start);
  }

  private static CliException usage(String text, String reason) {
    return new CliException(ExitCode.USAGE, "--decoder " + text + ": " + reason);
  }

  /** Which decoders, and which models where none is named. */
  public static final class Choice {
    private static final String VAE = "vae";
    private static final String CONSISTENCY = "consistency";
    private static final String PREVIEW = "preview";
    private static final String TINY = "tiny";

    private Choice() {}

    /**
     * What people want to see: the VAE's decoder against the consistency decoder. Where the store
     * does not have both, what comes with the program.
     *
     * @param note takes a sentence about the choice
     */
    public static List<DecoderSpec> usual(
        InstalledModels installed, long seed, Consumer<String> note) {
      DecodeOptions options = DecodeOptions.builder().seed(seed).build();
      Optional<String> vae = installed.vae();
      Optional<String> consistency = installed.consistency();
      if (vae.isPresent() && consistency.isPresent()) {
        note.accept(
            "comparing the VAE '" + vae.get() + "' with the decoder '" + consistency.get() + "'");
        return List.of(
            new DecoderSpec(VAE, VAE, Map.of(DecoderConfig.MODEL, vae.get()), options, ""),
            new DecoderSpec(
                CONSISTENCY,
                CONSISTENCY,
                Map.of(DecoderConfig.MODEL, consistency.get()),
                options,
                ""));
      }
      note.accept(
          "comparing the linear preview with the bundled preview model 'tiny': the store does not"
              + " have both a Stable Diffusion VAE and a consistency decoder ('models list' shows"
              + " what there is); --decoder names others");
      return List.of(
          new DecoderSpec("linear preview", PREVIEW, Map.of(), options, ""),
          new DecoderSpec(
              "bundled preview", CONSISTENCY, Map.of(DecoderConfig.MODEL, TINY), options, ""));
    }

    /**
     * The same decoder with a model, if it needs one and none is named.
     *
     * @param note takes a sentence about the choice
     */
    public static DecoderSpec complete(
        DecoderSpec spec, InstalledModels installed, Consumer<String> note) {
      if (spec.settings().containsKey(DecoderConfig.MODEL)) {
        return spec;
      }
      if (spec.plugin().equals(CONSISTENCY)) {
        note.accept(
            ("'%s' is the bundled preview model 'tiny', not OpenAI's decoder;"
                    + " say model=.. for another")
                .formatted(spec.name()));
        return spec.withModel(TINY);
      }
      if (spec.plugin().equals(VAE) && installed.vae().isPresent()) {
        note.accept("'" + spec.name() + "' is the model '" + installed.vae().get() + "'");
        return spec.withModel(installed.vae().get());
      }
      return spec;
    }
  }
}
