package io.github.consistencydecoder.server.queue;

import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.server.models.LoadedModel;
import io.github.consistencydecoder.server.models.ModelSupervisor;
import io.github.consistencydecoder.server.request.ServiceException;

/**
 * A model of the service as another one's start: found anew at each use, for it may have been
 * opened again meanwhile. Closing it does nothing; the model belongs to the service.
 *
 * @param info as it was found when the call came
 */
record StartDecoder(ModelSupervisor supervisor, DecoderInfo info) implements LatentDecoder {
  /**
   * A start for another model.
   *
   * @throws ServiceException {@code INVALID} if both are decoders of the same kind
   */
  static StartDecoder of(ModelSupervisor supervisor, DecoderInfo starting, DecoderInfo going)
      throws ServiceException {
    if (starting.provider().equals(going.provider())) {
      throw ServiceException.invalid(
          "start",
          ("'%s' is a decoder of the same kind as the model that goes on from it; a cheaper one is"
                  + " needed, such as vae or taesd")
              .formatted(supervisor.name()));
    }
    return new StartDecoder(supervisor, starting);
  }

  @Override
  public DecodeEstimate estimate(int batch, int height, int width, DecodeOptions options) {
    return open().estimate(batch, height, width, options);
  }

  @Override
  public Decoded decode(Latents latents, DecodeOptions options) {
    return open().decode(latents, options);
  }

  private LatentDecoder open() {
    return supervisor
        .ready()
        .map(LoadedModel::decoder)
        .orElseThrow(
            () ->
                new DecoderException(
                    DecoderErrorCode.BUSY, "model '" + supervisor.name() + "' is not ready"));
  }

  @Override
  public void close() {}
}
