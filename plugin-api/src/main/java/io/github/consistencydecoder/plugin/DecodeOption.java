package io.github.consistencydecoder.plugin;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The table of decode options: names, values, default, sentence, reader and printer of each. The
 * command line, the service, comparisons and the reference in {@code docs/options.md} are made from
 * it, so that an option is written down once and refused with one sentence everywhere.
 *
 * <p>Options of the same {@link #property} say the same thing in different ways and exclude each
 * other. Values that are no text, such as given noise, are set by whoever has them; the table only
 * prints them.
 */
@SuppressWarnings("ImmutableEnumChecker") // lists that nobody changes, functions without state
public enum DecodeOption {
  /** One generator for the batch, or one a picture. */
  SEED(
      List.of("seed"),
      "noise",
      DecodeOptions::noise,
      new Text("N|N,N,..", (b, text) -> b.noise(seed(text)), o -> seeds(o.noise())),
      "Seed of PyTorch's CPU generator: one for the whole batch, or one for each picture."),

  /** One generator a picture. */
  SEEDS(
      List.of("seeds"),
      "noise",
      DecodeOptions::noise,
      new Text(
          "N,N,..",
          (b, text) -> b.noise(Noise.seededPerImage(numbers(text))),
          o -> Optional.empty()),
      "One seed for each picture of a batch; a batch then equals the single decodes."),

  /** One field of noise for all pictures. */
  NOISE_SHARED(
      List.of("noise-shared", "noise_shared"),
      "noise",
      DecodeOptions::noise,
      new Text(
          "N",
          (b, text) -> b.noise(shared(text)),
          o ->
              o.noise() instanceof Noise.Shared shared
                  ? Optional.of(Long.toString(shared.seed()))
                  : Optional.empty()),
      "Seed of one field of noise for all pictures of all batches of a size, so that frames of a"
          + " still scene do not flicker; moving content gains nothing."),

  /** The noise itself; set by whoever has it. */
  NOISE(
      List.of("noise"),
      "noise",
      DecodeOptions::noise,
      new Text("", null, o -> Optional.of("given").filter(x -> o.noise() instanceof Noise.Given)),
      "Noise instead of a seed: one tensor [N,3,H,W] for each step."),

  /** The timesteps. */
  SCHEDULE(
      List.of("schedule", "timesteps"),
      "schedule",
      DecodeOptions::schedule,
      new Text(
          "T,T,..",
          (b, text) -> b.schedule(schedule(text)),
          o -> Optional.of(o.schedule().toString())),
      "The timesteps themselves, each of 1 to 1023 and none above the one before."),

  /** A number of timesteps. */
  STEPS(
      List.of("steps"),
      "schedule",
      DecodeOptions::schedule,
      new Text("N", (b, text) -> b.schedule(steps(text)), o -> steps(o.schedule())),
      "Number of evenly spread steps, 1 to 64."),

  /** The picture to start from; set by whoever has it. */
  START(
      List.of("start"),
      "start",
      DecodeOptions::start,
      new Text(
          "",
          null,
          o ->
              Optional.of(o.start())
                  .filter(x -> !(x instanceof Start.FromNoise))
                  .map(Start::toString)),
      "Picture that the first evaluation starts from, or a cheaper decoder that makes it: one"
          + " evaluation at 512 then takes the place of two, unless a schedule is given."),

  /** Known pixels and a mask; set by whoever has them. */
  KEEP(
      List.of("keep"),
      "keep",
      DecodeOptions::keep,
      new Text("", null, o -> o.keep().map(Keep::toString)),
      "Pictures whose pixels outside the mask come back as they are; only the mask's box and a"
          + " margin are evaluated."),

  /** What happens between the steps. */
  DIALECT(
      List.of("dialect", "clamp"),
      "clamp",
      DecodeOptions::clamp,
      words(
          ClampMode.values(),
          ClampMode::dialect,
          ClampMode::id,
          DecodeOptions.Builder::clamp,
          DecodeOptions::clamp),
      "Which implementation to follow: original clamps to [-1,1] after each step, as OpenAI's does;"
          + " diffusers never does."),

  /** How a large picture may be divided. */
  TILING(
      List.of("tiling"),
      "tiling",
      DecodeOptions::tiling,
      words(
          Tiling.values(),
          Tiling::id,
          Tiling::id,
          DecodeOptions.Builder::tiling,
          DecodeOptions::tiling),
      "How a picture that is large for the memory may be divided: whole is never; exact is in bands"
          + " that give the same picture in more time; overlapped is in tiles that give nearly the"
          + " same; auto is exact where memory allows, else overlapped with a warning.");

  private static final int LONGEST_ECHO = 40;

  private final List<String> names;
  private final String property;
  private final Function<DecodeOptions, Object> value;
  private final Text text;
  private final String sentence;

  DecodeOption(
      List<String> names,
      String property,
      Function<DecodeOptions, Object> value,
      Text text,
      String sentence) {
    this.names = names;
    this.property = property;
    this.value = value;
    this.text = text;
    this.sentence = sentence;
  }

  /** The option of this name or older name, if there is one. */
  public static Optional<DecodeOption> named(String name) {
    return Arrays.stream(values()).filter(option -> option.names.contains(name)).findFirst();
  }

  /** The name, in lower case. */
  public String id() {
    return names.get(0);
  }

  /** Other names that are still read. */
  public List<String> aliases() {
    return names.subList(1, names.size());
  }

  /** Key of {@link DecodeOptions#asMap}; options that share it exclude each other. */
  public String property() {
    return property;
  }

  /** The values that there are, the default first; empty if they cannot be listed. */
  public List<String> words() {
    return text.words;
  }

  /** The values, as help writes them: {@code auto|whole|exact|overlapped} or {@code N}. */
  public String form() {
    return text.form;
  }

  /** The default as text; empty where another option of the property says it. */
  public Optional<String> usual() {
    return print(DecodeOptions.defaults());
  }

  /** What the option is for, a sentence. */
  public String sentence() {
    return sentence;
  }

  /** Whether {@link #read} takes it; otherwise its value is no text. */
  public boolean readable() {
    return text.reader != null;
  }

  /**
   * Sets the option as a text says.
   *
   * @throws IllegalArgumentException if the text is no value; the message says what was found and
   *     what is needed, repeats no more than the start of the text in plain characters, and leaves
   *     naming the option to the caller
   */
  public void read(String value, DecodeOptions.Builder builder) {
    text.reader.accept(builder, value);
  }

  /**
   * Sets several options.
   *
   * @param naming how messages call an option, such as {@code --tiling}
   * @throws IllegalArgumentException if two exclude each other or a text is no value
   */
  public static void readAll(
      Map<DecodeOption, String> texts,
      Function<DecodeOption, String> naming,
      DecodeOptions.Builder builder) {
    Map<String, DecodeOption> properties = new LinkedHashMap<>();
    texts.forEach(
        (option, text) -> {
          DecodeOption other = properties.putIfAbsent(option.property, option);
          if (other != null) {
            throw new IllegalArgumentException(
                "%s and %s exclude each other; one of them is needed"
                    .formatted(naming.apply(other), naming.apply(option)));
          }
          try {
            option.read(text, builder);
          } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(naming.apply(option) + ": " + e.getMessage(), e);
          }
        });
  }

  /** The option as {@link #read} takes it; empty where another option of the property says it. */
  public Optional<String> print(DecodeOptions options) {
    return text.printer.apply(options);
  }

  /** All of the options by their names, each property once. */
  public static Map<String, String> printAll(DecodeOptions options) {
    Map<String, String> properties = new LinkedHashMap<>();
    Map<String, String> printed = new LinkedHashMap<>();
    for (DecodeOption option : values()) {
      option
          .print(options)
          .filter(text -> properties.putIfAbsent(option.property, text) == null)
          .ifPresent(text -> printed.put(option.id(), text));
    }
    return printed;
  }

  /** The values of all properties. */
  static Map<String, Object> properties(DecodeOptions options) {
    Map<String, Object> all = new LinkedHashMap<>();
    for (DecodeOption option : values()) {
      all.putIfAbsent(option.property, option.value.apply(options));
    }
    return Collections.unmodifiableMap(all);
  }

  private static Noise seed(String text) {
    List<Long> seeds = numbers(text);
    return seeds.size() == 1 ? Noise.seeded(seeds.get(0)) : Noise.seededPerImage(seeds);
  }

  private static Noise shared(String text) {
    List<Long> seeds = numbers(text);
    if (seeds.size() != 1) {
      throw new IllegalArgumentException(
          found(text) + " is not one seed; a 64-bit whole number is needed");
    }
    return Noise.shared(seeds.get(0));
  }

  private static Optional<String> seeds(Noise noise) {
    return Optional.of(noise)
        .filter(n -> n instanceof Noise.Seeded || n instanceof Noise.SeededPerImage)
        .map(Noise::toString);
  }

  /** From -2^63 to 2^64 - 1, as PyTorch takes them. */
  private static List<Long> numbers(String text) {
    List<Long> numbers = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      String number = part.strip();
      try {
        numbers.add(
            number.startsWith("-") ? Long.parseLong(number) : Long.parseUnsignedLong(number));
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            found(text) + " is neither a 64-bit whole number nor several, with commas", e);
      }
    }
    return numbers;
  }

  private static Schedule schedule(String text) {
    try {
      Schedule schedule = Schedule.parse(text);
      int before = Integer.MAX_VALUE;
      for (int timestep : schedule.timesteps()) {
        if (timestep > before) {
          throw new IllegalArgumentException("timesteps must not rise");
        }
        before = timestep;
      }
      return schedule;
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          found(text)
              + " is no schedule; 1 to 64 timesteps of 1 to 1023 are needed, none above the one"
              + " before",
          e);
    }
  }

  private static Schedule steps(String text) {
    try {
      return Schedule.steps(Integer.parseInt(text.strip()));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          found(text) + " is no number of steps; a whole number of 1 to 64 is needed", e);
    }
  }

  private static Optional<String> steps(Schedule schedule) {
    int steps = schedule.timesteps().size();
    return Optional.of(Integer.toString(steps)).filter(x -> Schedule.steps(steps).equals(schedule));
  }

  /** What a caller wrote, as it may stand in a message, a log or a terminal. */
  private static String found(String text) {
    String start = text.length() > LONGEST_ECHO ? text.substring(0, LONGEST_ECHO) + ".." : text;
    return "'" + start.replaceAll("[^ -~]", "?") + "'";
  }

  /**
   * A text for each of some values.
   *
   * @param older spelling of each, which is still read
   */
  private static <T> Text words(
      T[] values,
      Function<T, String> word,
      Function<T, String> older,
      BiConsumer<DecodeOptions.Builder, T> set,
      Function<DecodeOptions, T> get) {
    List<String> words = Arrays.stream(values).map(word).toList();
    String known =
        words.subList(0, words.size() - 1).stream().collect(Collectors.joining(", "))
            + " and "
            + words.get(words.size() - 1);
    return new Text(
        String.join("|", words),
        words,
        (builder, text) ->
            set.accept(
                builder,
                Arrays.stream(values)
                    .filter(v -> word.apply(v).equals(text) || older.apply(v).equals(text))
                    .findFirst()
                    .orElseThrow(
                        () ->
                            new IllegalArgumentException(
                                found(text) + " is unknown; " + known + " exist"))),
        options -> Optional.of(word.apply(get.apply(options))));
  }

  /** An option's value as text. */
  private record Text(
      String form,
      List<String> words,
      BiConsumer<DecodeOptions.Builder, String> reader,
      Function<DecodeOptions, Optional<String>> printer) {
    Text(
        String form,
        BiConsumer<DecodeOptions.Builder, String> reader,
        Function<DecodeOptions, Optional<String>> printer) {
      this(form, List.of(), reader, printer);
    }
  }
}
