package io.github.consistencydecoder.client;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.client.DecodeStream.Progress;
import io.github.consistencydecoder.client.RemoteModel.CallKind;
import io.github.consistencydecoder.client.RemoteModel.Lifetime;
import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.proto.v1.BatchSize;
import io.github.consistencydecoder.proto.v1.DecodeReport;
import io.github.consistencydecoder.proto.v1.DecodeRequest;
import java.util.List;

/**
 * Decodes on a service. The listener hears of steps as they happen there, and of warnings at the
 * end; the time of the whole is that on this side. Interrupting the thread cancels the decode.
 *
 * <p>Owns the connection. Safe for use by several threads. After {@link #close}, every method
 * except {@code close} throws {@link IllegalStateException}; closing again does nothing.
 */
final class RemoteDecoder implements LatentDecoder {
  private final Lifetime lifetime = new Lifetime("the decoder");
  private final RemoteModel model;

  RemoteDecoder(RemoteModel model) {
    this.model = model;
  }

  @Override
  public DecoderInfo info() {
    return lifetime.whileOpen(model::info);
  }

  @Override
  public DecodeEstimate estimate(int batch, int height, int width, DecodeOptions options) {
    requireNonNull(options, "options");
    BatchSize size =
        DecodeRequests.withWords(BatchSize.newBuilder(), options)
            .setCount(batch)
            .setHeight(height)
            .setWidth(width)
            .setSteps(options.schedule().timesteps().size())
            .build();
    return lifetime.whileOpen(() -> model.estimate(size));
  }

  @Override
  public Decoded decode(Latents latents, DecodeOptions options) {
    requireNonNull(latents, "latents");
    requireNonNull(options, "options");
    return lifetime.whileOpen(() -> decodeOpen(latents, options));
  }

  private Decoded decodeOpen(Latents latents, DecodeOptions options) {
    long start = System.nanoTime();
    options.cancellation().check();
    DecodeRequest request = DecodeRequests.of(model.name(), latents, options);
    List<Long> shape = DecodeRequests.pictureShape(latents);
    Progress progress = new Progress(options.listener(), model.failures());
    DecodeStream.Result result =
        model.work(
            CallKind.DECODE,
            options.cancellation(),
            0,
            stub ->
                new DecodeStream(shape, progress, model.failures())
                    .read(stub.decodeStream(request), options.cancellation()));
    DecodeReport report = result.report();
    model.requireSameWeights(report.getModelDigest());
    requireHeard(report, "start", request.hasStart());
    requireHeard(report, "keep", request.hasKeep());
    report.getWarningsList().forEach(options.listener()::warning);
    return new Decoded(
        result.pixels(),
        report.getStepNanosList(),
        System.nanoTime() - start,
        report.getMetadataMap(),
        report.getWarningsList());
  }

  /**
   * A server that is older than a field passes over it; decoders of one pass have no use for it.
   */
  private static void requireHeard(DecodeReport report, String mode, boolean asked) {
    if (asked && !report.containsMetadata(mode) && report.containsMetadata("schedule")) {
      throw new DecoderException(
          DecoderErrorCode.INVALID_OPTIONS,
          "the server passed over '"
              + mode
              + "', which its version does not know; update it, or decode without");
    }
  }

  @Override
  public void close() {
    lifetime.end(model::close);
  }
}
