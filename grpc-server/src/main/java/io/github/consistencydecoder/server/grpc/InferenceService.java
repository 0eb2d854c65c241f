package io.github.consistencydecoder.server.grpc;

import static io.github.consistencydecoder.server.grpc.CallLifecycle.answer;
import static io.github.consistencydecoder.server.grpc.CallLifecycle.begin;

import io.github.consistencydecoder.proto.inference.GRPCInferenceServiceGrpc;
import io.github.consistencydecoder.proto.inference.ModelInferRequest;
import io.github.consistencydecoder.proto.inference.ModelInferResponse;
import io.github.consistencydecoder.proto.inference.ModelMetadataRequest;
import io.github.consistencydecoder.proto.inference.ModelMetadataResponse;
import io.github.consistencydecoder.proto.inference.ModelMetadataResponse.TensorMetadata;
import io.github.consistencydecoder.proto.inference.ModelReadyRequest;
import io.github.consistencydecoder.proto.inference.ModelReadyResponse;
import io.github.consistencydecoder.proto.inference.RepositoryIndexRequest;
import io.github.consistencydecoder.proto.inference.RepositoryIndexResponse;
import io.github.consistencydecoder.proto.inference.RepositoryIndexResponse.ModelIndex;
import io.github.consistencydecoder.proto.inference.ServerLiveRequest;
import io.github.consistencydecoder.proto.inference.ServerLiveResponse;
import io.github.consistencydecoder.proto.inference.ServerMetadataRequest;
import io.github.consistencydecoder.proto.inference.ServerMetadataResponse;
import io.github.consistencydecoder.proto.inference.ServerReadyRequest;
import io.github.consistencydecoder.proto.inference.ServerReadyResponse;
import io.github.consistencydecoder.server.models.ModelStatus;
import io.github.consistencydecoder.server.queue.DecodeService;
import io.github.consistencydecoder.server.queue.DecodeService.DecodeResult;
import io.github.consistencydecoder.server.queue.Readiness;
import io.github.consistencydecoder.server.request.DecodeCall;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import io.grpc.stub.StreamObserver;
import java.util.Comparator;

/** The Open Inference Protocol, version 2. */
final class InferenceService extends GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase {
  /** Every model has one version. */
  static final String VERSION = "1";

  private static final long ANY = -1;

  private final GrpcContext context;
  private final DecodeService service;
  private final String serverVersion;

  InferenceService(GrpcContext context, String serverVersion) {
    this.context = context;
    this.service = context.service();
    this.serverVersion = serverVersion;
  }

  @Override
  public void serverLive(ServerLiveRequest request, StreamObserver<ServerLiveResponse> observer) {
    answer(observer, () -> ServerLiveResponse.newBuilder().setLive(true).build());
  }

  @Override
  public void serverReady(
      ServerReadyRequest request, StreamObserver<ServerReadyResponse> observer) {
    boolean ready = service.readiness() == Readiness.SERVING;
    answer(observer, () -> ServerReadyResponse.newBuilder().setReady(ready).build());
  }

  @Override
  public void serverMetadata(
      ServerMetadataRequest request, StreamObserver<ServerMetadataResponse> observer) {
    answer(
        observer,
        () ->
            ServerMetadataResponse.newBuilder()
                .setName("consistency-decoder")
                .setVersion(serverVersion)
                .addExtensions("model_repository")
                .build());
  }

  private ModelStatus model(String name, String field, String version) throws ServiceException {
    if (name.isEmpty()) {
      throw ServiceException.invalid(field, "no model is named");
    }
    ModelStatus model = service.model(name);
    if (!version.isEmpty() && !version.equals(VERSION)) {
      throw ServiceException.of(
          ServiceError.NOT_FOUND, "model '" + model.name() + "' has version " + VERSION + " only");
    }
    return model;
  }

  @Override
  public void modelReady(ModelReadyRequest request, StreamObserver<ModelReadyResponse> observer) {
    answer(
        observer,
        () ->
            ModelReadyResponse.newBuilder()
                .setReady(model(request.getName(), "name", request.getVersion()).ready())
                .build());
  }

  @Override
  public void modelMetadata(
      ModelMetadataRequest request, StreamObserver<ModelMetadataResponse> observer) {
    answer(observer, () -> metadata(model(request.getName(), "name", request.getVersion())));
  }

  private static ModelMetadataResponse metadata(ModelStatus model) {
    ModelMetadataResponse.Builder metadata =
        ModelMetadataResponse.newBuilder()
            .setName(model.name())
            .addVersions(VERSION)
            .setPlatform("consistencydecoder")
            .addInputs(tensor(InferTensors.LATENTS, "FP32", ANY, 4, ANY, ANY));
    for (String noise : InferTensors.NOISE) {
      metadata.addInputs(tensor(noise, "FP32", ANY, 3, ANY, ANY));
    }
    metadata
        .addOutputs(tensor(InferOutput.IMAGE, "UINT8", ANY, ANY, ANY, 3))
        .addOutputs(tensor(InferOutput.SAMPLE, "FP32", ANY, 3, ANY, ANY));
    model
        .info()
        .ifPresent(
            info ->
                metadata
                    .putAllProperties(info.details())
                    .putProperties("provider", info.provider())
                    .putProperties("digest", info.digest()));
    return metadata.build();
  }

  private static TensorMetadata tensor(String name, String datatype, long... shape) {
    TensorMetadata.Builder tensor = TensorMetadata.newBuilder().setName(name).setDatatype(datatype);
    for (long d : shape) {
      tensor.addShape(d);
    }
    return tensor.build();
  }

  @Override
  public void modelInfer(ModelInferRequest request, StreamObserver<ModelInferResponse> observer) {
    begin(
        observer,
        () -> {
          ModelStatus unused =
              model(request.getModelName(), "model_name", request.getModelVersion());
          DecodeCall<InferInput> call = InferInput.read(request, service);
          CallLifecycle.<DecodeResult, ModelInferResponse>unary(
              context,
              observer,
              call.request().output().answerBytes(call.size()),
              listener -> service.decode(call, listener),
              result ->
                  call.request()
                      .output()
                      .answer(request.getId(), call.request().options(), result));
        });
  }

  @Override
  public void repositoryIndex(
      RepositoryIndexRequest request, StreamObserver<RepositoryIndexResponse> observer) {
    RepositoryIndexResponse.Builder index = RepositoryIndexResponse.newBuilder();
    service.models().stream()
        .filter(model -> model.ready() || !request.getReady())
        .sorted(Comparator.comparing(ModelStatus::name))
        .forEach(
            model ->
                index.addModels(
                    ModelIndex.newBuilder()
                        .setName(model.name())
                        .setVersion(VERSION)
                        .setState(model.ready() ? "READY" : "UNAVAILABLE")
                        .setReason(model.reason())));
    answer(observer, index::build);
  }
}
