package io.github.consistencydecoder.server.grpc;

import io.github.consistencydecoder.plugin.DecodeOption;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Schedule;
import io.github.consistencydecoder.plugin.Start;
import io.github.consistencydecoder.proto.inference.InferParameter;
import io.github.consistencydecoder.proto.inference.InferParameter.ParameterChoiceCase;
import io.github.consistencydecoder.proto.inference.ModelInferRequest;
import io.github.consistencydecoder.proto.inference.ModelInferResponse;
import io.github.consistencydecoder.server.queue.DecodeService;
import io.github.consistencydecoder.server.queue.DecodeService.DecodeResult;
import io.github.consistencydecoder.server.request.CallSettings;
import io.github.consistencydecoder.server.request.CallSettings.Priority;
import io.github.consistencydecoder.server.request.DecodeCall;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.LatentRules;
import io.github.consistencydecoder.server.request.ModeRules;
import io.github.consistencydecoder.server.request.ModeRules.KeepParts;
import io.github.consistencydecoder.server.request.NoiseRules;
import io.github.consistencydecoder.server.request.OptionRules;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.WireTensor;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Reads an inference. Checked in this order: parameters, inputs' names and forms, shape, outputs,
 * the limits, and only then the tensors' contents.
 */
record InferInput(List<InferOutput> outputs, boolean typed) {

  static DecodeCall<InferInput> read(ModelInferRequest request, DecodeService service)
      throws ServiceException {
    InferParameters parameters = InferParameters.of(request.getParametersMap());
    DecodeOptions said = started(parameters, request, service);
    LatentScale scale = parameters.scale();
    InferTensors tensors = InferTensors.of(request);
    DecodeSize size =
        LatentRules.size(
            tensors.fields(InferTensors.LATENTS),
            tensors.shape(InferTensors.LATENTS),
            said.schedule().timesteps().size(),
            said.tiling());
    List<InferOutput> outputs =
        InferOutput.of(request, tensors.type(InferTensors.LATENTS), tensors.typed());
    WireTensor latents = tensors.tensor(InferTensors.LATENTS);
    CallSettings settings =
        Requests.settings(request.getModelName(), parameters.priority(), parameters.timeout());
    service.limits().check(size);
    DecodeOptions.Builder options = said.toBuilder().noise(noise(said.noise(), tensors, size));
    if (tensors.has(InferTensors.START)) {
      options.start(ModeRules.start(tensors.tensor(InferTensors.START), size));
    }
    ModeRules.keep(
            "inputs",
            new KeepParts(
                tensors.optional(InferTensors.KEEP),
                tensors.optional(InferTensors.MASK),
                parameters.pixels(InferParameters.FEATHER),
                parameters.pixels(InferParameters.GROW).orElse(0),
                parameters.whole()),
            size,
            true)
        .ifPresent(options::keep);
    return new DecodeCall<>(
        settings,
        size,
        LatentRules.latents(latents, scale),
        options.build(),
        new InferInput(outputs, tensors.typed()));
  }

  /** With the start that is a model, or the schedule of one that comes as pixels. */
  private static DecodeOptions started(
      InferParameters parameters, ModelInferRequest request, DecodeService service)
      throws ServiceException {
    DecodeOptions said = parameters.options();
    Optional<String> model = parameters.start();
    boolean pixels =
        request.getInputsList().stream().anyMatch(i -> i.getName().equals(InferTensors.START));
    if (model.isPresent() && pixels) {
      throw ServiceException.invalid(
          "inputs", "start was given as pixels and as a model; one of them is needed");
    }
    if (model.isPresent()) {
      LatentDecoder decoder = service.start(model.get(), request.getModelName());
      return said.toBuilder().start(Start.decodedBy(decoder)).build();
    }
    return pixels && !parameters.schedules()
        ? said.toBuilder().schedule(Schedule.WARM).build()
        : said;
  }

  /** Noise that is given counts for more than a seed. */
  private static Noise noise(Noise seeded, InferTensors tensors, DecodeSize size)
      throws ServiceException {
    NoiseRules.checkSeeds(InferParameters.field("seed"), seeded, size);
    List<WireTensor> given = new ArrayList<>();
    for (String name : InferTensors.NOISE) {
      if (tensors.has(name)) {
        given.add(tensors.tensor(name));
      }
    }
    if (given.isEmpty()) {
      return seeded;
    }
    if (!tensors.has(InferTensors.NOISE.get(0))) {
      throw ServiceException.invalid("inputs", "noise1 was given without noise0");
    }
    return NoiseRules.given("inputs", given, size);
  }

  /** Bytes that a result and its answer hold until they are sent. */
  long answerBytes(DecodeSize size) {
    long values = 3 * size.pixels();
    long bytes = 4 * values;
    for (InferOutput output : outputs) {
      bytes += values * (typed ? 4 : output.type().bytes());
    }
    return bytes;
  }

  ModelInferResponse answer(String id, DecodeOptions options, DecodeResult result) {
    ModelInferResponse.Builder answer =
        ModelInferResponse.newBuilder()
            .setModelName(result.model().name())
            .setModelVersion(InferenceService.VERSION)
            .setId(id)
            .putParameters("seed", seed(options.noise()))
            .putParameters("dialect", text(options.clamp().dialect()))
            .putParameters(
                "decode_ms",
                InferParameter.newBuilder()
                    .setDoubleParam(result.decoded().totalNanos() / 1e6)
                    .build());
    if (!result.decoded().warnings().isEmpty()) {
      answer.putParameters("warning", text(String.join("; ", result.decoded().warnings())));
    }
    for (InferOutput output : outputs) {
      if (typed) {
        answer.addOutputs(output.typed(result.decoded().pixels()));
      } else {
        answer.addOutputs(output.tensor(result.decoded().pixels()));
        answer.addRawOutputContents(output.raw(result.decoded().pixels()));
      }
    }
    return answer.build();
  }

  private static InferParameter seed(Noise noise) {
    return noise instanceof Noise.Seeded seeded
        ? InferParameter.newBuilder().setInt64Param(seeded.seed()).build()
        : text(noise.toString());
  }

  private static InferParameter text(String value) {
    return InferParameter.newBuilder().setStringParam(value).build();
  }

  /**
   * The parameters of an inference. Those that only Triton knows are ignored; others that nobody
   * knows are refused, for a misspelt seed would go unnoticed.
   */
  static final class InferParameters {
    static final String START = "start";
    static final String FEATHER = "feather";
    static final String GROW = "grow";
    static final String REGION = "region";

    /** Those beside the table of options. */
    private static final List<String> OTHERS =
        List.of("scaling_factor", "timeout", "priority", START, FEATHER, GROW, REGION);

    private static final Set<String> IGNORED =
        Set.of("sequence_id", "sequence_start", "sequence_end", "headers", "binary_data_output");

    private final Map<String, InferParameter> values;

    private InferParameters(Map<String, InferParameter> values) {
      this.values = values;
    }

    static InferParameters of(Map<String, InferParameter> values) throws ServiceException {
      for (String name : values.keySet()) {
        if (!OTHERS.contains(name)
            && !IGNORED.contains(name)
            && !name.startsWith("triton_")
            && option(name).isEmpty()) {
          String known =
              Stream.concat(
                      Arrays.stream(DecodeOption.values())
                          .filter(DecodeOption::readable)
                          .map(DecodeOption::id),
                      OTHERS.stream())
                  .collect(Collectors.joining(", "));
          throw ServiceException.invalid(
              "parameters", "an unknown parameter; these exist: " + known);
        }
      }
      return new InferParameters(values);
    }

    private static Optional<DecodeOption> option(String name) {
      return DecodeOption.named(name).filter(DecodeOption::readable);
    }

    /** Whether the timesteps are said. */
    boolean schedules() {
      return values.keySet().stream()
          .flatMap(name -> option(name).stream())
          .anyMatch(option -> option.property().equals(DecodeOption.SCHEDULE.property()));
    }

    /** The model that makes the start. */
    Optional<String> start() throws ServiceException {
      return words(START);
    }

    /** Whether all of the picture is evaluated. */
    boolean whole() throws ServiceException {
      return KeepParts.whole(field(REGION), words(REGION));
    }

    /** A number of pixels. */
    Optional<Integer> pixels(String name) throws ServiceException {
      Optional<Long> number = number(name);
      if (number.isPresent() && number.get() != number.get().intValue()) {
        throw wrongType(name, "a number of pixels");
      }
      return number.map(Long::intValue);
    }

    private Optional<String> words(String name) throws ServiceException {
      InferParameter value = values.get(name);
      if (value == null) {
        return Optional.empty();
      }
      if (value.getParameterChoiceCase() != ParameterChoiceCase.STRING_PARAM) {
        throw wrongType(name, "a text");
      }
      return Optional.of(value.getStringParam());
    }

    /** Numbers as numbers, words and lists as texts. */
    DecodeOptions options() throws ServiceException {
      Map<DecodeOption, String> said = new EnumMap<>(DecodeOption.class);
      for (String name : values.keySet()) {
        Optional<DecodeOption> option = option(name);
        if (option.isPresent()) {
          said.put(option.get(), written(name, option.get()));
        }
      }
      return OptionRules.read(said, option -> field(option.id()));
    }

    private String written(String name, DecodeOption option) throws ServiceException {
      InferParameter value = values.get(name);
      boolean words = !option.words().isEmpty();
      boolean text = value.getParameterChoiceCase() == ParameterChoiceCase.STRING_PARAM;
      if (text && (words || option.form().contains(","))) {
        return value.getStringParam();
      }
      if (words) {
        throw wrongType(name, "a text");
      }
      return Long.toString(number(name).orElseThrow());
    }

    static String field(String name) {
      return "parameters[" + name + "]";
    }

    private static ServiceException wrongType(String name, String wanted) {
      return ServiceException.invalid(field(name), name + " is " + wanted);
    }

    /** A whole number, signed or not. */
    private Optional<Long> number(String name) throws ServiceException {
      InferParameter value = values.get(name);
      if (value == null) {
        return Optional.empty();
      }
      return switch (value.getParameterChoiceCase()) {
        case INT64_PARAM -> Optional.of(value.getInt64Param());
        case UINT64_PARAM -> {
          if (value.getUint64Param() < 0) {
            throw wrongType(name, "a number below 2^63");
          }
          yield Optional.of(value.getUint64Param());
        }
        case BOOL_PARAM, STRING_PARAM, DOUBLE_PARAM, PARAMETERCHOICE_NOT_SET ->
            throw wrongType(name, "a whole number");
      };
    }

    /** Absent: unscaled. */
    LatentScale scale() throws ServiceException {
      InferParameter factor = values.get("scaling_factor");
      if (factor == null) {
        return LatentScale.UNSCALED;
      }
      if (factor.getParameterChoiceCase() != ParameterChoiceCase.DOUBLE_PARAM) {
        throw wrongType("scaling_factor", "a floating-point number");
      }
      LatentRules.checkScalingFactor(field("scaling_factor"), factor.getDoubleParam());
      return LatentScale.SCALED;
    }

    /** Microseconds; 0 is none. */
    Optional<Duration> timeout() throws ServiceException {
      Optional<Long> micros = number("timeout");
      if (micros.isPresent() && micros.get() < 0) {
        throw wrongType("timeout", "a time in microseconds, not negative");
      }
      long most = Duration.ofDays(365).toSeconds() * 1_000_000;
      return micros.filter(m -> m > 0).map(m -> Duration.of(Math.min(m, most), ChronoUnit.MICROS));
    }

    /** As in Triton: 0 is the usual, 1 the highest. */
    Priority priority() throws ServiceException {
      long priority = number("priority").orElse(0L);
      if (priority < 0) {
        throw wrongType("priority", "a number, not negative");
      }
      if (priority == 1) {
        return Priority.HIGH;
      }
      return priority <= 2 ? Priority.NORMAL : Priority.LOW;
    }
  }
}
