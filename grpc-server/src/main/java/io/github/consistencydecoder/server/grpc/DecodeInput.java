package io.github.consistencydecoder.server.grpc;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.proto.v1.DecodeRequest;
import io.github.consistencydecoder.proto.v1.GivenNoise;
import io.github.consistencydecoder.proto.v1.PictureFormat;
import io.github.consistencydecoder.server.queue.DecodeService;
import io.github.consistencydecoder.server.request.CallSettings;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.LatentRules;
import io.github.consistencydecoder.server.request.NoiseRules;
import io.github.consistencydecoder.server.request.PictureRules;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.WireTensor;
import io.github.consistencydecoder.server.request.WireTensor.TensorFields;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A request of our own protocol, read. Checked in this order: options, shape, format, scale and
 * factor, the limits, and only then the tensors' contents.
 */
record DecodeInput(
    CallSettings settings,
    DecodeSize size,
    Latents latents,
    DecodeOptions options,
    PictureFormat format) {
  private static final TensorFields LATENTS = TensorFields.below("latents.tensor");
  static final String FORMAT = "format";

  static DecodeInput read(DecodeRequest request, DecodeService service) throws ServiceException {
    DecodeOptions said = WireNames.options("", request);
    io.github.consistencydecoder.proto.v1.Latents latents = request.getLatents();
    DecodeSize size =
        LatentRules.size(
            LATENTS,
            latents.getTensor().getShapeList(),
            said.schedule().timesteps().size(),
            said.tiling());
    PictureFormat format = WireNames.format(FORMAT, request.getFormat());
    if (format == PictureFormat.PICTURE_FORMAT_JPEG) {
      PictureRules.checkJpeg(FORMAT, size);
    }
    CallSettings settings =
        Requests.settings(
            request.getModel(),
            WireNames.priority("priority", request.getPriority()),
            Optional.empty());
    io.github.consistencydecoder.plugin.LatentScale scale =
        WireNames.scale("latents.scale", latents.getScale());
    if (latents.hasScalingFactor()) {
      LatentRules.checkScalingFactor("latents.scaling_factor", latents.getScalingFactor());
    }
    WireTensor tensor = WireNames.tensor(LATENTS, latents.getTensor());
    service.limits().check(size);
    DecodeOptions options = said.toBuilder().noise(noise(request.getNoise(), size)).build();
    return new DecodeInput(settings, size, LatentRules.latents(tensor, scale), options, format);
  }

  private static Noise noise(io.github.consistencydecoder.proto.v1.Noise noise, DecodeSize size)
      throws ServiceException {
    return switch (noise.getSourceCase()) {
      case SOURCE_NOT_SET -> Noise.DEFAULT;
      case SEED -> Noise.seeded(noise.getSeed());
      case SEEDS -> seeds(noise.getSeeds().getValuesList(), size);
      case SHARED_SEED -> Noise.shared(noise.getSharedSeed());
      case GIVEN -> given(noise.getGiven(), size);
    };
  }

  private static Noise seeds(List<Long> values, DecodeSize size) throws ServiceException {
    if (values.isEmpty()) {
      throw ServiceException.invalid(
          "noise.seeds", "no seed was given; one for each latent is needed");
    }
    Noise noise = Noise.seededPerImage(values);
    NoiseRules.checkSeeds("noise.seeds", noise, size);
    return noise;
  }

  private static Noise given(GivenNoise given, DecodeSize size) throws ServiceException {
    List<WireTensor> steps = new ArrayList<>();
    for (int k = 0; k < Math.min(given.getStepsCount(), size.steps() + 1); k++) {
      TensorFields fields = TensorFields.below("noise.given.steps[" + k + "]");
      steps.add(WireNames.tensor(fields, given.getSteps(k)));
    }
    return NoiseRules.given("noise.given.steps", steps, size);
  }
}
