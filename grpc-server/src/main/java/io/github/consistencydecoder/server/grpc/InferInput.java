package io.github.consistencydecoder.server.grpc;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Schedule;
import io.github.consistencydecoder.proto.inference.InferParameter;
import io.github.consistencydecoder.proto.inference.ModelInferRequest;
import io.github.consistencydecoder.proto.inference.ModelInferResponse;
import io.github.consistencydecoder.server.core.CallSettings;
import io.github.consistencydecoder.server.core.DecodeResult;
import io.github.consistencydecoder.server.core.DecodeService;
import io.github.consistencydecoder.server.core.DecodeSize;
import io.github.consistencydecoder.server.core.ServiceException;
import io.github.consistencydecoder.server.wire.LatentRules;
import io.github.consistencydecoder.server.wire.NoiseRules;
import io.github.consistencydecoder.server.wire.SamplingRules;
import io.github.consistencydecoder.server.wire.WireTensor;
import java.util.ArrayList;
import java.util.List;

/**
 * An inference, read. Checked in this order: parameters, inputs' names and forms, shape, outputs,
 * whether the core would take it, and only then the tensors' contents.
 */
record InferInput(
    CallSettings settings,
    DecodeSize size,
    Latents latents,
    DecodeOptions options,
    List<InferOutput> outputs,
    boolean typed) {

  static InferInput read(ModelInferRequest request, DecodeService service) throws ServiceException {
    InferParameters parameters = InferParameters.of(request.getParametersMap());
    Schedule schedule = parameters.schedule();
    LatentScale scale = parameters.scale();
    InferTensors tensors = InferTensors.of(request);
    DecodeSize size =
        LatentRules.size(
            tensors.fields(InferTensors.LATENTS),
            tensors.shape(InferTensors.LATENTS),
            schedule.timesteps().size(),
            parameters.tiling());
    List<InferOutput> outputs =
        InferOutput.of(request, tensors.type(InferTensors.LATENTS), tensors.typed());
    WireTensor latents = tensors.tensor(InferTensors.LATENTS);
    CallSettings settings =
        Requests.settings(request.getModelName(), parameters.priority(), parameters.timeout());
    service.checkAdmission(settings, size);
    DecodeOptions options =
        DecodeOptions.builder()
            .schedule(schedule)
            .clamp(parameters.clamp())
            .noise(noise(parameters, tensors, size))
            .tiling(size.tiling())
            .build();
    return new InferInput(
        settings, size, LatentRules.latents(latents, scale), options, outputs, tensors.typed());
  }

  /** Noise that is given counts for more than a seed. */
  private static Noise noise(InferParameters parameters, InferTensors tensors, DecodeSize size)
      throws ServiceException {
    Noise seeded = parameters.noise(size);
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
  long answerBytes() {
    long values = 3 * size.pixels();
    long bytes = 4 * values;
    for (InferOutput output : outputs) {
      bytes += values * (typed ? 4 : output.type().bytes());
    }
    return bytes;
  }

  ModelInferResponse answer(String id, DecodeResult result) {
    ModelInferResponse.Builder answer =
        ModelInferResponse.newBuilder()
            .setModelName(result.model().name())
            .setModelVersion(InferenceService.VERSION)
            .setId(id)
            .putParameters("seed", seed())
            .putParameters("dialect", text(SamplingRules.name(options.clamp())))
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

  private InferParameter seed() {
    return options.noise() instanceof Noise.Seeded seeded
        ? InferParameter.newBuilder().setInt64Param(seeded.seed()).build()
        : text(options.noise().toString());
  }

  private static InferParameter text(String value) {
    return InferParameter.newBuilder().setStringParam(value).build();
  }
}
