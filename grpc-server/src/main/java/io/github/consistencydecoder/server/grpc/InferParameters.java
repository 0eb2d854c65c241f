package io.github.consistencydecoder.server.grpc;

import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Schedule;
import io.github.consistencydecoder.plugin.Tiling;
import io.github.consistencydecoder.proto.inference.InferParameter;
import io.github.consistencydecoder.proto.inference.InferParameter.ParameterChoiceCase;
import io.github.consistencydecoder.server.core.DecodeSize;
import io.github.consistencydecoder.server.core.Priority;
import io.github.consistencydecoder.server.core.ServiceException;
import io.github.consistencydecoder.server.wire.LatentRules;
import io.github.consistencydecoder.server.wire.NoiseRules;
import io.github.consistencydecoder.server.wire.SamplingRules;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The parameters of an inference. Those that only Triton knows are ignored; others that nobody
 * knows are refused, for a misspelt seed would go unnoticed.
 */
final class InferParameters {
  private static final Set<String> KNOWN =
      Set.of("seed", "steps", "scaling_factor", "dialect", "tiling", "timeout", "priority");

  private static final Set<String> IGNORED =
      Set.of("sequence_id", "sequence_start", "sequence_end", "headers", "binary_data_output");

  private final Map<String, InferParameter> values;

  private InferParameters(Map<String, InferParameter> values) {
    this.values = values;
  }

  static InferParameters of(Map<String, InferParameter> values) throws ServiceException {
    for (String name : values.keySet()) {
      if (!KNOWN.contains(name) && !IGNORED.contains(name) && !name.startsWith("triton_")) {
        throw ServiceException.invalid(
            "parameters",
            "an unknown parameter; these exist: seed, steps, scaling_factor, dialect,"
                + " tiling, timeout, priority");
      }
    }
    return new InferParameters(values);
  }

  private static String field(String name) {
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

  Noise noise(DecodeSize size) throws ServiceException {
    InferParameter seed = values.get("seed");
    if (seed == null) {
      return Noise.DEFAULT;
    }
    if (seed.getParameterChoiceCase() == ParameterChoiceCase.STRING_PARAM) {
      return NoiseRules.seeds(field("seed"), seed.getStringParam(), size);
    }
    return Noise.seeded(number("seed").orElse(0L));
  }

  Schedule schedule() throws ServiceException {
    Optional<Long> steps = number("steps");
    return steps.isPresent()
        ? SamplingRules.steps(field("steps"), steps.get())
        : Schedule.TWO_STEPS;
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

  private String text(String name, String absent) throws ServiceException {
    InferParameter value = values.get(name);
    if (value == null) {
      return absent;
    }
    if (value.getParameterChoiceCase() != ParameterChoiceCase.STRING_PARAM) {
      throw wrongType(name, "a text");
    }
    return value.getStringParam();
  }

  ClampMode clamp() throws ServiceException {
    return SamplingRules.dialect(field("dialect"), text("dialect", SamplingRules.ORIGINAL));
  }

  Tiling tiling() throws ServiceException {
    return SamplingRules.tiling(field("tiling"), text("tiling", Tiling.AUTO.id()));
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
