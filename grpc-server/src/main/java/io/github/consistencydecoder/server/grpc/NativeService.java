package io.github.consistencydecoder.server.grpc;

import com.google.protobuf.UnsafeByteOperations;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Schedule;
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
import io.github.consistencydecoder.proto.v1.Tensor;
import io.github.consistencydecoder.server.grpc.CallEnd.ReadTimeout;
import io.github.consistencydecoder.server.grpc.DecodeAnswers.PictureParts;
import io.github.consistencydecoder.server.grpc.transport.BytesInFlight;
import io.github.consistencydecoder.server.grpc.transport.Statuses;
import io.github.consistencydecoder.server.models.ModelStatus;
import io.github.consistencydecoder.server.queue.DecodeService;
import io.github.consistencydecoder.server.queue.DecodeService.DecodeResult;
import io.github.consistencydecoder.server.queue.DecodeService.EncodeResult;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.DecodeSize.Prediction;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.ServiceLimits;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Executor;

/** Our own protocol, version 1. */
final class NativeService extends DecoderServiceGrpc.DecoderServiceImplBase {
  private final DecodeService service;
  private final Admission admission;
  private final Executor executor;
  private final ReadTimeout patience;

  /**
   * @param executor makes answers
   * @param patience with callers who do not read
   */
  NativeService(
      DecodeService service, Admission admission, Executor executor, ReadTimeout patience) {
    this.service = service;
    this.admission = admission;
    this.executor = executor;

    this.patience = patience;
  }

  @Override
  public void decode(DecodeRequest request, StreamObserver<DecodeResponse> observer) {
    try {
      DecodeInput input = DecodeInput.read(request, service);
      BytesInFlight.Share room =
          admission.room(DecodeAnswers.bytes(input.size(), input.format(), true));
      UnaryAnswer.<DecodeResult, DecodeResponse>start(
          observer,
          executor,
          room,
          patience,
          listener -> service.decode(input.settings(), input.latents(), input.options(), listener),
          result -> DecodeAnswers.response(input, result));
    } catch (ServiceException e) {
      observer.onError(Statuses.of(e));
    }
  }

  @Override
  public void decodeStream(DecodeRequest request, StreamObserver<DecodeStreamResponse> observer) {
    try {
      DecodeInput input = DecodeInput.read(request, service);
      PictureParts.check(input.size(), input.format());
      BytesInFlight.Share room =
          admission.room(DecodeAnswers.bytes(input.size(), input.format(), false));
      ServerCallStreamObserver<DecodeStreamResponse> call =
          (ServerCallStreamObserver<DecodeStreamResponse>) observer;
      new StreamAnswer(input, call, executor, patience).start(service, room);
    } catch (ServiceException e) {
      observer.onError(Statuses.of(e));
    }
  }

  @Override
  public void encode(EncodeRequest request, StreamObserver<EncodeResponse> observer) {
    try {
      EncodeInput input = EncodeInput.read(request, service);
      BytesInFlight.Share room = admission.room(4L * input.pixels().values().remaining());
      UnaryAnswer.<EncodeResult, EncodeResponse>start(
          observer,
          executor,
          room,
          patience,
          listener -> service.encode(input.settings(), input.pixels(), listener),
          result -> encoded(input, result));
    } catch (ServiceException e) {
      observer.onError(Statuses.of(e));
    }
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
    observer.onNext(ListModelsResponse.newBuilder().addAllModels(models).build());
    observer.onCompleted();
  }

  @Override
  public void describeModel(
      DescribeModelRequest request, StreamObserver<DescribeModelResponse> observer) {
    try {
      ModelStatus status = service.model(request.getModel());
      DescribeModelResponse.Builder answer =
          DescribeModelResponse.newBuilder().setModel(model(status)).setLimits(limits());
      if (request.hasBatch()) {
        DecodeSize size = size("batch", request.getBatch());
        answer.setEstimate(estimate(service.predict(status.name(), size)));
      }
      if (request.hasEncodeBatch()) {
        DecodeSize size = encodeSize(request.getEncodeBatch());
        answer.setEncodeEstimate(estimate(service.predictEncode(status.name(), size)));
      }
      observer.onNext(answer.build());
      observer.onCompleted();
    } catch (ServiceException e) {
      observer.onError(Statuses.of(e));
    }
  }

  private static DecodeSize size(String field, BatchSize batch) throws ServiceException {
    int[] sides = {batch.getCount(), batch.getHeight(), batch.getWidth()};
    for (int side : sides) {
      if (side < 1) {
        throw ServiceException.invalid(
            field, "count, height and width must be at least 1, one is " + side);
      }
    }
    int steps = batch.getSteps() == 0 ? Schedule.TWO_STEPS.timesteps().size() : batch.getSteps();
    return new DecodeSize(
        sides[0],
        sides[1],
        sides[2],
        steps,
        WireNames.tiling(field + ".tiling", batch.getTiling()));
  }

  private static DecodeSize encodeSize(BatchSize batch) throws ServiceException {
    String field = "encode_batch";
    if (batch.getSteps() != 0 || batch.getTilingValue() != 0) {
      throw ServiceException.invalid(field, "encodings have neither steps nor tiling; leave them");
    }
    return size(field, batch.toBuilder().setSteps(1).build());
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
