package io.github.consistencydecoder.server.grpc;

import static io.github.consistencydecoder.server.grpc.Refused.with;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.ByteString;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.proto.v1.BatchSize;
import io.github.consistencydecoder.proto.v1.DataType;
import io.github.consistencydecoder.proto.v1.DecodeRequest;
import io.github.consistencydecoder.proto.v1.DecodeResponse;
import io.github.consistencydecoder.proto.v1.DecodeStreamResponse;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.github.consistencydecoder.proto.v1.DescribeModelRequest;
import io.github.consistencydecoder.proto.v1.DescribeModelResponse;
import io.github.consistencydecoder.proto.v1.EncodeRequest;
import io.github.consistencydecoder.proto.v1.EncodeResponse;
import io.github.consistencydecoder.proto.v1.Estimate;
import io.github.consistencydecoder.proto.v1.LatentScale;
import io.github.consistencydecoder.proto.v1.ListModelsRequest;
import io.github.consistencydecoder.proto.v1.Model;
import io.github.consistencydecoder.proto.v1.Tensor;
import io.github.consistencydecoder.proto.v1.Tiling;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.grpc.Refused.DullEncoder;
import io.github.consistencydecoder.server.models.ModelSource;
import io.github.consistencydecoder.server.queue.Ledger;
import io.github.consistencydecoder.server.queue.QueuedDecodeService;
import io.github.consistencydecoder.server.request.ByteBudget;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.FakeDecoder;
import io.github.consistencydecoder.testing.SampleLatents;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of calls: done, cancelled, too late, too many, failed. */
class CallsTest {
  private final FakeDecoder.Controls controls = new FakeDecoder.Controls();
  private QueuedDecodeService service;
  private OpenEndpoint endpoint;

  @BeforeEach
  void open() {
    service =
        Fixtures.builder(controls)
            .limits(Fixtures.shortQueue())
            .model("drawn", ModelSource.of(controls::openDecoder).withEncoder(DullEncoder::new))
            .start();
    Fixtures.awaitServing(service);
    endpoint = OpenEndpoint.over(service);
  }

  @AfterEach
  void close() {
    controls.release();
    Await.until("bytes to be free", () -> endpoint.endpoint.bytesInFlight().held() == 0);
    endpoint.close();
    service.close();
    assertThat(controls.closedWhileInside).hasValue(0);
  }

  private static DecodeRequest request() {
    return OpenEndpoint.request(SampleLatents.scaled(1, 1, 2, 2)).build();
  }

  @Test
  void modelsAreListedByName() {
    List<Model> models =
        endpoint.decoder().listModels(ListModelsRequest.getDefaultInstance()).getModelsList();
    assertThat(models).extracting(Model::getName).containsExactly("consistency_decoder", "drawn");
    assertThat(models).extracting(Model::getEncodes).containsExactly(false, true);
    assertThat(models).allMatch(Model::getReady);
    assertThat(models.get(0).getProvider()).isEqualTo("controllable");
  }

  @Test
  void modelIsDescribedWithAnEstimate() {
    DescribeModelResponse answer =
        endpoint
            .decoder()
            .describeModel(
                DescribeModelRequest.newBuilder()
                    .setBatch(BatchSize.newBuilder().setCount(1).setHeight(8).setWidth(8))
                    .build());
    assertThat(answer.getModel().getName()).isEqualTo("consistency_decoder");
    assertThat(answer.getLimits().getMaxPixels()).isEqualTo(1 << 20);
    assertThat(answer.getLimits().getMaxSeconds()).isEqualTo(120);
    assertThat(answer.getEstimate().getOperations()).isEqualTo(64 * 64 * 2e6);
    assertThat(answer.getEstimate().getPeakBytes()).isPositive();
  }

  private DescribeModelResponse described(DescribeModelRequest.Builder request) {
    return endpoint.decoder().describeModel(request.build());
  }

  @Test
  void estimateIsOfTheAskedStepsAndTiling() {
    BatchSize.Builder size = BatchSize.newBuilder().setCount(1).setHeight(16).setWidth(16);
    DescribeModelRequest.Builder request = DescribeModelRequest.newBuilder();
    Estimate usual = described(request.setBatch(size)).getEstimate();
    size.setSteps(1).setTiling(Tiling.TILING_OVERLAPPED);
    Estimate asked = described(request.setBatch(size)).getEstimate();
    assertThat(asked.getOperations()).isEqualTo(usual.getOperations() / 2);
    assertThat(asked.getPeakBytes()).isEqualTo(usual.getPeakBytes() / 4);
  }

  @Test
  void encodingsHaveAnEstimateOfTheirOwn() {
    DescribeModelResponse answer =
        described(
            DescribeModelRequest.newBuilder()
                .setModel("drawn")
                .setEncodeBatch(BatchSize.newBuilder().setCount(2).setHeight(8).setWidth(8)));
    assertThat(answer.hasEstimate()).isFalse();
    assertThat(answer.getEncodeEstimate().getOperations())
        .isEqualTo(new DullEncoder().estimate(2, 64, 64).operations());
  }

  @Test
  void tilingReachesTheDecoder() {
    Latents latents = SampleLatents.scaled(1, 1, 2, 2);
    for (Tiling tiling : List.of(Tiling.TILING_WHOLE, Tiling.TILING_EXACT)) {
      DecodeResponse answer =
          endpoint.decoder().decode(OpenEndpoint.request(latents).setTiling(tiling).build());
      assertThat("TILING_" + answer.getReport().getMetadataOrThrow("tiling"))
          .isEqualToIgnoringCase(tiling.name());
    }
    DecodeResponse answer = endpoint.decoder().decode(request());
    assertThat(answer.getReport().getMetadataOrThrow("tiling")).isEqualTo("auto");
  }

  /** A gigabyte is there; whole it would need more than two. */
  @Test
  void pictureIsTakenInTilesThatIsTooLargeWhole() {
    controls.bytesPerPixel = 65_536;
    Latents latents = SampleLatents.scaled(1, 1, 24, 24);
    assertThatThrownBy(() -> endpoint.decoder().decode(OpenEndpoint.request(latents).build()))
        .hasMessageContaining("bytes of memory");
    DecodeResponse answer =
        endpoint
            .decoder()
            .decode(OpenEndpoint.request(latents).setTiling(Tiling.TILING_OVERLAPPED).build());
    assertThat(answer.getReport().getPredictedBytes()).isEqualTo(64L * 64 * 65_536);
  }

  @Test
  void pictureIsEncodedInTheScaleAndTypeThatWereAskedFor() {
    byte[] white = new byte[2 * 8 * 16 * 3];
    java.util.Arrays.fill(white, (byte) 255);
    EncodeResponse answer =
        endpoint
            .decoder()
            .encode(
                EncodeRequest.newBuilder()
                    .setScale(LatentScale.LATENT_SCALE_SCALED)
                    .setDataType(DataType.DATA_TYPE_BFLOAT16)
                    .setTensor(
                        Tensor.newBuilder()
                            .setDataType(DataType.DATA_TYPE_UINT8)
                            .addAllShape(List.of(2L, 8L, 16L, 3L))
                            .setData(ByteString.copyFrom(white)))
                    .build());
    Tensor tensor = answer.getLatents().getTensor();
    assertThat(tensor.getShapeList()).containsExactly(2L, 4L, 1L, 2L);
    FloatBuffer values =
        FloatBuffer.wrap(
            io.github.consistencydecoder.server.request.TensorType.BFLOAT16.floats(
                tensor.getData().asReadOnlyByteBuffer()));
    assertThat(values.get(0)).isCloseTo(Latents.SCALING_FACTOR, within(0.001f));
    assertThat(values.get(15)).isCloseTo(3 * Latents.SCALING_FACTOR, within(0.003f));
    assertThat(answer.getLatents().getScale()).isEqualTo(LatentScale.LATENT_SCALE_SCALED);
  }

  private static org.assertj.core.data.Offset<Float> within(float offset) {
    return org.assertj.core.data.Offset.offset(offset);
  }

  @Test
  void callersIdComesBackInHeadersAndReport() {
    Metadata sent = new Metadata();
    sent.put(Requests.HEADER, "picture-7");
    AtomicReference<Metadata> headers = new AtomicReference<>();
    AtomicReference<Metadata> trailers = new AtomicReference<>();
    DecodeResponse answer =
        endpoint
            .decoder()
            .withInterceptors(
                MetadataUtils.newAttachHeadersInterceptor(sent),
                MetadataUtils.newCaptureMetadataInterceptor(headers, trailers))
            .decode(request());
    assertThat(answer.getReport().getRequestId()).isEqualTo("picture-7");
    assertThat(headers.get().get(Requests.HEADER)).isEqualTo("picture-7");
  }

  @Test
  void cancelledUnaryCallStopsTheDecode() {
    controls.hold();
    ListenableFuture<DecodeResponse> call =
        DecoderServiceGrpc.newFutureStub(endpoint.tcp()).decode(request());
    Await.until("the decode", () -> controls.inside.get() == 1);
    assertThat(call.cancel(true)).isTrue();
    Await.until("the worker to be free", () -> controls.inside.get() == 0);
    Await.until("the ledger", () -> service.ledger().cancelled() == 1);
    assertThat(service.ledger()).isEqualTo(new Ledger(1, 0, 1, 0, 0, 0));
  }

  @Test
  void cancelledStreamStopsTheDecode() {
    controls.hold();
    ClientCall<DecodeRequest, DecodeStreamResponse> call =
        endpoint
            .tcp()
            .newCall(DecoderServiceGrpc.getDecodeStreamMethod(), io.grpc.CallOptions.DEFAULT);
    call.start(new ClientCall.Listener<>() {}, new Metadata());
    call.sendMessage(request());
    call.halfClose();
    call.request(100);
    Await.until("the decode", () -> controls.inside.get() == 1);
    call.cancel("enough", null);
    Await.until("the ledger", () -> service.ledger().cancelled() == 1);
  }

  @Test
  void lostConnectionStopsTheDecode() throws InterruptedException {
    controls.hold();
    var channel = endpoint.tcp();
    ListenableFuture<DecodeResponse> unused =
        DecoderServiceGrpc.newFutureStub(channel).decode(request());
    Await.until("the decode", () -> controls.inside.get() == 1);
    channel.shutdownNow();
    Await.until("the ledger", () -> service.ledger().cancelled() == 1);
  }

  @Test
  void deadlineStopsTheDecode() {
    controls.hold();
    Status status =
        catchStatus(
            () ->
                endpoint.decoder().withDeadlineAfter(300, TimeUnit.MILLISECONDS).decode(request()));
    assertThat(status.getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
    // Cancelled where the caller's clock is far ahead of ours, as on a busy machine.
    Await.until("the ledger", () -> service.ledger().expired() + service.ledger().cancelled() == 1);
    assertThat(controls.inside).hasValue(0);
  }

  private static Status catchStatus(Runnable call) {
    try {
      call.run();
      throw new AssertionError("no status");
    } catch (StatusRuntimeException e) {
      return e.getStatus();
    }
  }

  @Test
  void tooManyCallsAreRefusedWithTheTimeToWait() throws Exception {
    controls.stepTime = Duration.ofMillis(400);
    DecodeResponse unused = endpoint.decoder().decode(request());
    List<ListenableFuture<DecodeResponse>> calls = new ArrayList<>();
    DecoderServiceGrpc.DecoderServiceFutureStub stub =
        DecoderServiceGrpc.newFutureStub(endpoint.tcp());
    for (int i = 0; i < 12; i++) {
      calls.add(stub.decode(request()));
    }
    int done = 0;
    int refused = 0;
    for (ListenableFuture<DecodeResponse> call : calls) {
      try {
        assertThat(call.get(1, TimeUnit.MINUTES).getPictures().hasTensor()).isTrue();
        done++;
      } catch (ExecutionException e) {
        Refused why = Refused.of((StatusRuntimeException) e.getCause());
        assertThat(why.code()).as(why.message()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(why.reason()).contains("BUSY");
        assertThat(why.retryMillis().orElseThrow()).isPositive();
        assertThat(why.pushback()).contains(why.retryMillis().get().toString());
        refused++;
      }
    }
    assertThat(done).isPositive();
    assertThat(refused).isPositive();
    Ledger ledger = service.ledger();
    assertThat(ledger.accepted()).isEqualTo(ledger.completed()).isEqualTo(done + 1L);
    assertThat(ledger.rejected()).isEqualTo(refused);
  }

  @Test
  void failureIsAnIncidentAndNothingElse() {
    controls.failNext(
        new DecoderException(DecoderErrorCode.RUNTIME_FAILED, "libonnx /opt/x.so: bad SEGV"));
    Refused refused = Refused.by(() -> endpoint.decoder().decode(request()));
    assertThat(refused.code()).isEqualTo(Status.Code.INTERNAL);
    assertThat(refused.message()).matches("internal error, incident [0-9a-f]{16}");
    assertThat(refused.reason()).isEmpty();
    Fixtures.awaitServing(service);
  }

  @Test
  void answersWithoutRoomAreRefusedBeforeTheDecode() {
    try (OpenEndpoint small = OpenEndpoint.over(service, b -> b.bytes(new ByteBudget(40_000)))) {
      with(
          Status.Code.INVALID_ARGUMENT,
          "TOO_LARGE",
          "all answers together may have 40000",
          () ->
              small
                  .decoder()
                  .decode(OpenEndpoint.request(SampleLatents.scaled(1, 1, 9, 9)).build()));
      controls.hold();
      ListenableFuture<DecodeResponse> first =
          DecoderServiceGrpc.newFutureStub(small.tcp())
              .decode(OpenEndpoint.request(SampleLatents.scaled(1, 1, 5, 5)).build());
      Await.until("the decode", () -> controls.inside.get() == 1);
      with(
          Status.Code.RESOURCE_EXHAUSTED,
          "BUSY",
          "in flight",
          () ->
              small
                  .decoder()
                  .decode(OpenEndpoint.request(SampleLatents.scaled(1, 1, 5, 5)).build()));
      controls.release();
      Await.until("the first call", first::isDone);
      Await.until("bytes to be free", () -> small.endpoint.bytesInFlight().held() == 0);
    }
    assertThat(controls.begun.get()).isLessThanOrEqualTo(10);
  }

  @Test
  void drainingServiceRefusesBeforeTheBodyIsRead() throws Exception {
    service.drain(Duration.ZERO);
    Refused refused =
        with(
            Status.Code.UNAVAILABLE,
            "NOT_READY",
            "stopping",
            () -> endpoint.decoder().decode(request()));
    assertThat(refused.retryMillis()).isPresent();
    assertThat(refused.pushback()).isEmpty();
    Iterator<DecodeStreamResponse> events = endpoint.decoder().decodeStream(request());
    with(Status.Code.UNAVAILABLE, "NOT_READY", "stopping", events::hasNext);
  }

  @Test
  void manyConnectionsAreServed() throws Exception {
    List<ListenableFuture<DecodeResponse>> calls = new ArrayList<>();
    for (int c = 0; c < 20; c++) {
      DecoderServiceGrpc.DecoderServiceFutureStub stub =
          DecoderServiceGrpc.newFutureStub(endpoint.tcp());
      for (int i = 0; i < 5; i++) {
        calls.add(stub.decode(request()));
      }
    }
    ByteString first = calls.get(0).get().getPictures().getTensor().getData();
    for (ListenableFuture<DecodeResponse> call : calls) {
      assertThat(call.get(1, TimeUnit.MINUTES).getPictures().getTensor().getData())
          .isEqualTo(first);
    }
  }
}
