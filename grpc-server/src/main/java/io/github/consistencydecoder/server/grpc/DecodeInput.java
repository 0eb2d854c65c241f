package io.github.consistencydecoder.server.grpc;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Schedule;
import io.github.consistencydecoder.plugin.Start;
import io.github.consistencydecoder.proto.v1.DecodeRequest;
import io.github.consistencydecoder.proto.v1.GivenNoise;
import io.github.consistencydecoder.proto.v1.Keep;
import io.github.consistencydecoder.proto.v1.PictureFormat;
import io.github.consistencydecoder.server.queue.DecodeService;
import io.github.consistencydecoder.server.request.CallSettings;
import io.github.consistencydecoder.server.request.DecodeCall;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.LatentRules;
import io.github.consistencydecoder.server.request.ModeRules;
import io.github.consistencydecoder.server.request.ModeRules.KeepParts;
import io.github.consistencydecoder.server.request.NoiseRules;
import io.github.consistencydecoder.server.request.PictureRules;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.WireTensor;
import io.github.consistencydecoder.server.request.WireTensor.TensorFields;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads a request of our own protocol. Checked in this order: options, shape, format, scale and
 * factor, the limits, and only then the tensors' contents.
 */
final class DecodeInput {
  private static final TensorFields LATENTS = TensorFields.below("latents.tensor");
  static final String FORMAT = "format";

  private DecodeInput() {}

  static DecodeCall<PictureFormat> read(DecodeRequest request, DecodeService service)
      throws ServiceException {
    DecodeOptions said = started(WireNames.options("", request), request, service);
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
    Latents values = LatentRules.latents(tensor, scale);
    DecodeOptions.Builder options = said.toBuilder().noise(noise(request.getNoise(), size));
    if (request.getStart().hasPixels()) {
      options.start(
          ModeRules.start(
              WireNames.tensor(TensorFields.below("start.pixels"), request.getStart().getPixels()),
              size));
    }
    if (request.hasKeep()) {
      ModeRules.keep(
              "keep", parts(request.getKeep()), size, format != PictureFormat.PICTURE_FORMAT_JPEG)
          .ifPresent(options::keep);
    }
    return new DecodeCall<>(settings, size, values, options.build(), format);
  }

  /** With the start that is a model, or the schedule of one that comes as pixels. */
  private static DecodeOptions started(
      DecodeOptions said, DecodeRequest request, DecodeService service) throws ServiceException {
    if (!request.hasStart()) {
      return said;
    }
    return switch (request.getStart().getSourceCase()) {
      case MODEL ->
          said.toBuilder()
              .start(
                  Start.decodedBy(service.start(request.getStart().getModel(), request.getModel())))
              .build();
      case PIXELS ->
          request.getTimestepsCount() > 0 ? said : said.toBuilder().schedule(Schedule.WARM).build();
      case SOURCE_NOT_SET ->
          throw ServiceException.invalid("start", "neither a model nor pixels were given");
    };
  }

  private static KeepParts parts(Keep keep) throws ServiceException {
    return new KeepParts(
        keep.hasPixels()
            ? Optional.of(WireNames.tensor(TensorFields.below("keep.pixels"), keep.getPixels()))
            : Optional.empty(),
        keep.hasMask()
            ? Optional.of(WireNames.tensor(TensorFields.below("keep.mask"), keep.getMask()))
            : Optional.empty(),
        keep.hasFeather() ? Optional.of(keep.getFeather()) : Optional.empty(),
        keep.getGrow(),
        keep.getWhole());
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
