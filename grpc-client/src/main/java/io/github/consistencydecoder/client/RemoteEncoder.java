package io.github.consistencydecoder.client;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.client.DecodeRequests.FloatTensors;
import io.github.consistencydecoder.client.RemoteModel.CallKind;
import io.github.consistencydecoder.client.RemoteModel.Lifetime;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.proto.v1.BatchSize;
import io.github.consistencydecoder.proto.v1.DataType;
import io.github.consistencydecoder.proto.v1.EncodeRequest;
import io.github.consistencydecoder.proto.v1.EncodeResponse;
import io.github.consistencydecoder.proto.v1.Tensor;
import java.util.List;

/**
 * Encodes on a service.
 *
 * <p>Owns the connection. Safe for use by several threads. After {@link #close}, every method
 * except {@code close} throws {@link IllegalStateException}; closing again does nothing.
 */
final class RemoteEncoder implements LatentEncoder {
  /** Of an answer, besides its numbers. */
  private static final int MARGIN = 65_536;

  private final Lifetime lifetime = new Lifetime("the encoder");
  private final RemoteModel model;
  private final LatentScale scale;

  RemoteEncoder(RemoteModel model) {
    this.model = model;
    // In the unit of the network, so that nothing is rounded on the way; the SD VAE's is unscaled.
    this.scale =
        "scaled".equals(model.details().get("latents")) ? LatentScale.SCALED : LatentScale.UNSCALED;
  }

  @Override
  public DecoderInfo info() {
    return lifetime.whileOpen(model::info);
  }

  @Override
  public DecodeEstimate estimate(int batch, int height, int width) {
    BatchSize size =
        BatchSize.newBuilder()
            .setCount(batch)
            .setHeight(cells(height))
            .setWidth(cells(width))
            .build();
    return lifetime.whileOpen(() -> model.encodeEstimate(size));
  }

  private static int cells(int pixels) {
    return (pixels + Latents.PIXELS_PER_CELL - 1) / Latents.PIXELS_PER_CELL;
  }

  @Override
  public Latents encode(Pixels pixels, Cancellation cancellation) {
    requireNonNull(pixels, "pixels");
    requireNonNull(cancellation, "cancellation");
    return lifetime.whileOpen(() -> encodeOpen(pixels, cancellation));
  }

  private Latents encodeOpen(Pixels pixels, Cancellation cancellation) {
    EncodeRequest request =
        EncodeRequest.newBuilder()
            .setModel(model.name())
            .setTensor(
                FloatTensors.of(
                    pixels.values(),
                    List.of(
                        (long) pixels.batch(), 3L, (long) pixels.height(), (long) pixels.width())))
            .setScale(DecodeRequests.scale(scale))
            .setDataType(DataType.DATA_TYPE_FLOAT32)
            .build();
    int cells =
        pixels.values().remaining() / (3 * Latents.PIXELS_PER_CELL * Latents.PIXELS_PER_CELL);
    EncodeResponse answer =
        model.work(
            CallKind.ENCODE,
            cancellation,
            Float.BYTES * Latents.CHANNELS * cells + MARGIN,
            stub -> stub.encode(request));
    return latents(answer.getLatents(), pixels);
  }

  private Latents latents(io.github.consistencydecoder.proto.v1.Latents answer, Pixels pixels) {
    long height = pixels.height() / Latents.PIXELS_PER_CELL;
    long width = pixels.width() / Latents.PIXELS_PER_CELL;
    List<Long> shape = List.of((long) pixels.batch(), (long) Latents.CHANNELS, height, width);
    Tensor tensor = answer.getTensor();
    if (answer.getScale() != DecodeRequests.scale(scale)
        || tensor.getDataType() != DataType.DATA_TYPE_FLOAT32
        || !tensor.getShapeList().equals(shape)) {
      throw broken(
          answer.getScale() + " " + tensor.getDataType() + " " + tensor.getShapeList(), shape);
    }
    long needed = (long) Float.BYTES * Latents.CHANNELS * pixels.batch() * height * width;
    if (tensor.getData().size() != needed) {
      throw broken(tensor.getData().size() + " bytes", shape);
    }
    float[] values = new float[tensor.getData().size() / Float.BYTES];
    FloatTensors.floats(tensor.getData()).get(values);
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw broken("a value of " + value, shape);
      }
    }
    return Latents.of(scale, values, shape.stream().mapToLong(Long::longValue).toArray());
  }

  private DecoderException broken(String found, List<Long> shape) {
    return model
        .failures()
        .broken("latents with " + found + ", " + scale + " float32 " + shape + " were asked for");
  }

  @Override
  public void close() {
    lifetime.end(model::close);
  }
}
