package io.github.consistencydecoder.server.grpc;

import static io.github.consistencydecoder.server.grpc.CallLifecycle.answer;
import static io.github.consistencydecoder.server.grpc.CallLifecycle.begin;

import com.google.protobuf.UnsafeByteOperations;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.proto.v1.BatchSize;
import io.github.consistencydecoder.proto.v1.DecodeRequest;
import io.github.consistencydecoder.proto.v1.DecodeResponse;
import io.github.consistencydecoder.proto.v1.DecodeStreamResponse;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.github.consistencydecoder.proto.v1.DescribeModelRequest;
import io.github.consistencydecoder.proto.v1.DescribeModelResponse;
import io.github.consistencydecoder.proto.v1.EncodeRequest;
import io.github.consistencydecoder.proto.v1.EncodeResponse;
import io.github.consistencydecoder.proto.v1.Estimate;
import io.github.consistencydecoder.proto.v1.Limits;
import io.github.consistencydecoder.proto.v1.ListModelsRequest;
import io.github.consistencydecoder.proto.v1.ListModelsResponse;
import io.github.consistencydecoder.proto.v1.Model;
import io.github.consistencydecoder.proto.v1.PictureFormat;
import io.github.consistencydecoder.proto.v1.Tensor;
import io.github.consistencydecoder.server.grpc.DecodeAnswers.PictureParts;
import io.github.consistencydecoder.server.models.ModelStatus;
import io.github.consistencydecoder.server.queue.DecodeService;
import io.github.consistencydecoder.server.queue.DecodeService.DecodeResult;
import io.github.consistencydecoder.server.queue.DecodeService.EncodeResult;
import io.github.consistencydecoder.server.request.DecodeCall;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.DecodeSize.CallKind;
import io.github.consistencydecoder.server.request.DecodeSize.Prediction;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.ServiceLimits;
import io.grpc.stub.StreamObserver;
import java.util.Comparator;
import java.util.List;

/** Our own protocol, version 1. */
final class NativeService extends DecoderServiceGrpc.DecoderServiceImplBase {
  private final GrpcContext context;
  private final DecodeService service;

  NativeService(GrpcContext context) {
    this.context = context;
    this.service = context.service();
  }

  @Override
  public void decode(DecodeRequest request, StreamObserver<DecodeResponse> observer) {
    begin(
        observer,
        () -> {
          DecodeCall<PictureFormat> input = DecodeInput.read(request, service);
          CallLifecycle.<DecodeResult, DecodeResponse>unary(
              context,
              observer,
              DecodeAnswers.bytes(input.size(), input.request().output(), true),
              listener -> service.decode(input, listener),
              result -> DecodeAnswers.response(input, result));
        });
  }

  @Override
  public void decodeStream(DecodeRequest request, StreamObserver<DecodeStreamResponse> observer) {
    begin(
        observer,
        () -> {
          DecodeCall<PictureFormat> input = DecodeInput.read(request, service);
          PictureParts.check(input.size(), input.request().output());
          CallLifecycle.stream(context, observer, input);
        });
  }

  @Override
  public void encode(EncodeRequest request, StreamObserver<EncodeResponse> observer) {
    begin(
        observer,
        () -> {
          EncodeInput input = EncodeInput.read(request, service);
          CallLifecycle.<EncodeResult, EncodeResponse>unary(
              context,
              observer,
              4L * input.pixels().values().remaining(),
              listener -> service.encode(input.settings(), input.pixels(), listener),
              result -> encoded(input, result));
        });
  }

  private static EncodeResponse encoded(EncodeInput input, EncodeResult result) {
    Latents latents = result.latents().to(input.scale());
    Tensor.Builder tensor =
        Tensor.newBuilder()
            .setDataType(WireNames.type(input.type()))
            .addShape(latents.batch())
            .addShape(Latents.CHANNELS)
            .addShape(latents.height())
            .addShape(latents.width())
            .setData(UnsafeByteOperations.unsafeWrap(input.type().toBytes(latents.values())));
    return EncodeResponse.newBuilder()
        .setLatents(
            io.github.consistencydecoder.proto.v1.Latents.newBuilder()
                .setTensor(tensor)
                .setScale(WireNames.scale(input.scale()))
                .setScalingFactor(0.18215))
        .setRequestId(input.settings().requestId())
        .setQueueNanos(result.queueNanos())
        .setEncodeNanos(result.encodeNanos())
        .build();
  }

  @Override
  public void listModels(ListModelsRequest request, StreamObserver<ListModelsResponse> observer) {
    List<Model> models =
        service.models().stream()
            .sorted(Comparator.comparing(ModelStatus::name))
            .map(NativeService::model)
            .toList();
    answer(observer, () -> ListModelsResponse.newBuilder().addAllModels(models).build());
  }

  @Override
  public void describeModel(
      DescribeModelRequest request, StreamObserver<DescribeModelResponse> observer) {
    answer(observer, () -> described(request));
  }

  private DescribeModelResponse described(DescribeModelRequest request) throws ServiceException {
    ModelStatus status = service.model(request.getModel());
    DescribeModelResponse.Builder answer =
        DescribeModelResponse.newBuilder().setModel(model(status)).setLimits(limits());
    if (request.hasBatch()) {
      DecodeSize size = size("batch", request.getBatch());
      answer.setEstimate(estimate(service.predict(status.name(), size)));
    }
    if (request.hasEncodeBatch()) {
      DecodeSize size = encodeSize(request.getEncodeBatch());
      answer.setEncodeEstimate(estimate(service.predict(status.name(), size)));
    }
    return answer.build();
  }

  private static DecodeSize size(String field, BatchSize batch) throws ServiceException {
    int[] sides = {batch.getCount(), batch.getHeight(), batch.getWidth()};
    for (int side : sides) {
      if (side < 1) {
        throw ServiceException.invalid(
            field, "count, height and width must be at least 1, one is " + side);
      }
    }
    DecodeOptions options = WireNames.options(field + ".", batch);
    return new DecodeSize(
        CallKind.DECODE,
        sides[0],
        sides[1],
        sides[2],
        options.schedule().timesteps().size(),
        options.tiling());
  }

  private static DecodeSize encodeSize(BatchSize batch) throws ServiceException {
    String field = "encode_batch";
    if (batch.getSteps() != 0 || batch.getTilingValue() != 0) {
      throw ServiceException.invalid(field, "encodings have neither steps nor tiling; leave them");
    }
    DecodeSize size = size(field, batch);
    return DecodeSize.ofEncoding(size.batch(), size.height(), size.width());
  }

  private static Estimate estimate(Prediction prediction) {
    return Estimate.newBuilder()
        .setOperations(prediction.operations())
        .setPeakBytes(prediction.peakBytes())
        .setNanos(prediction.nanos())
        .build();
  }

  private Limits limits() {
    ServiceLimits limits = service.limits();
    return Limits.newBuilder()
        .setMaxPixels(limits.maxPixels())
        .setMaxBatch(limits.maxBatch())
        .setMaxSeconds(limits.maxTime().toMillis() / 1000.0)
        .build();
  }

  private static Model model(ModelStatus status) {
    Model.Builder model =
        Model.newBuilder()
            .setName(status.name())
            .setReady(status.ready())
            .setReason(status.reason())
            .setEncodes(status.encodes());
    status
        .info()
        .ifPresent(
            info ->
                model
                    .setProvider(info.provider())
                    .setDigest(info.digest())
                    .setDevice(info.device())
                    .putAllDetails(info.details()));
    return model.build();
  }
}
