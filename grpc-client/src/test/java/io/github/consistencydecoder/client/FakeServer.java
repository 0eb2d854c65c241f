package io.github.consistencydecoder.client;

import io.github.consistencydecoder.client.DecodeRequests.FloatTensors;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.proto.v1.Accepted;
import io.github.consistencydecoder.proto.v1.DecodeReport;
import io.github.consistencydecoder.proto.v1.DecodeRequest;
import io.github.consistencydecoder.proto.v1.DecodeStreamResponse;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.github.consistencydecoder.proto.v1.DescribeModelRequest;
import io.github.consistencydecoder.proto.v1.DescribeModelResponse;
import io.github.consistencydecoder.proto.v1.EncodeRequest;
import io.github.consistencydecoder.proto.v1.EncodeResponse;
import io.github.consistencydecoder.proto.v1.Estimate;
import io.github.consistencydecoder.proto.v1.Model;
import io.github.consistencydecoder.proto.v1.Part;
import io.github.consistencydecoder.proto.v1.PictureFormat;
import io.github.consistencydecoder.proto.v1.PicturesHeader;
import io.github.consistencydecoder.proto.v1.StepFinished;
import io.github.consistencydecoder.proto.v1.StepStarted;
import io.github.consistencydecoder.server.grpc.transport.Statuses;
import io.github.consistencydecoder.server.request.ServiceException;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A server that answers as it is told, and rightly when it is told nothing. */
final class FakeServer extends DecoderServiceGrpc.DecoderServiceImplBase implements AutoCloseable {
  static final String DIGEST = "sha256:" + "1".repeat(64);

  /** How one call is answered. */
  interface Answer {
    void to(DecodeRequest request, ServerCallStreamObserver<DecodeStreamResponse> call);
  }

  final Queue<Answer> script = new ConcurrentLinkedQueue<>();
  final Queue<EncodeResponse> encodings = new ConcurrentLinkedQueue<>();
  final List<Long> calls = new CopyOnWriteArrayList<>();
  final AtomicInteger cancelled = new AtomicInteger();
  final AtomicInteger questions = new AtomicInteger();
  volatile Model model =
      Model.newBuilder()
          .setName("fake")
          .setProvider("fake")
          .setDigest(DIGEST)
          .setReady(true)
          .setEncodes(true)
          .setDevice("nowhere")
          .putDetails("latents", "scaled")
          .build();

  private final Server server;
  private final int port;

  private FakeServer() throws IOException {
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(this)
            .maxInboundMessageSize(64 << 20)
            .build()
            .start();
    port = server.getPort();
  }

  static FakeServer start() {
    try {
      return new FakeServer();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  String target() {
    return "127.0.0.1:" + port;
  }

  LatentDecoder open() {
    return open(TestService.at(target()));
  }

  static LatentDecoder open(DecoderConfig config) {
    return new RemoteDecoderProvider().open(config);
  }

  static Answer status(ServiceException e) {
    return (request, call) -> call.onError(Statuses.of(e));
  }

  /** These events and then the end. */
  static Answer events(List<DecodeStreamResponse> events) {
    return (request, call) -> {
      events.forEach(call::onNext);
      call.onCompleted();
    };
  }

  /** The right events for two steps. */
  static List<DecodeStreamResponse> right(DecodeRequest request) {
    List<DecodeStreamResponse> events = new ArrayList<>();
    events.add(
        DecodeStreamResponse.newBuilder()
            .setAccepted(Accepted.newBuilder().setRequestId("1"))
            .build());
    for (int k = 0; k < 2; k++) {
      events.add(
          DecodeStreamResponse.newBuilder()
              .setStepStarted(
                  StepStarted.newBuilder()
                      .setStep(k)
                      .setSteps(2)
                      .setTimestep(request.getTimesteps(k)))
              .build());
      events.add(
          DecodeStreamResponse.newBuilder()
              .setStepFinished(StepFinished.newBuilder().setStep(k).setSteps(2).setNanos(10 + k))
              .build());
    }
    long count = request.getLatents().getTensor().getShape(0);
    long height = 8 * request.getLatents().getTensor().getShape(2);
    long width = 8 * request.getLatents().getTensor().getShape(3);
    PicturesHeader.Builder header =
        PicturesHeader.newBuilder()
            .setFormat(PictureFormat.PICTURE_FORMAT_FLOAT32)
            .addAllShape(List.of(count, 3L, height, width));
    for (int n = 0; n < count; n++) {
      header.addSizes(4 * 3 * height * width);
    }
    events.add(DecodeStreamResponse.newBuilder().setHeader(header).build());
    int plane = (int) (height * width);
    for (int n = 0; n < count; n++) {
      for (int c = 0; c < 3; c++) {
        float[] values = new float[plane];
        for (int i = 0; i < plane; i++) {
          values[i] = value(n * 3 * plane + c * plane + i);
        }
        events.add(
            DecodeStreamResponse.newBuilder()
                .setPart(
                    Part.newBuilder()
                        .setPicture(n)
                        .setOffset(4L * c * plane)
                        .setData(
                            FloatTensors.of(FloatBuffer.wrap(values), List.of((long) plane))
                                .getData()))
                .build());
      }
    }
    events.add(
        DecodeStreamResponse.newBuilder()
            .setDone(
                DecodeReport.newBuilder()
                    .setModel("fake")
                    .setModelDigest(DIGEST)
                    .putMetadata("model", "fake")
                    .addStepNanos(10)
                    .addStepNanos(11)
                    .addWarnings("it is fake"))
            .build());
    return events;
  }

  /** Of the right picture, at a place. */
  static float value(int index) {
    return (index % 2001 - 1000) / 1000f;
  }

  @Override
  public void decodeStream(DecodeRequest request, StreamObserver<DecodeStreamResponse> observer) {
    calls.add(System.nanoTime());
    ServerCallStreamObserver<DecodeStreamResponse> call =
        (ServerCallStreamObserver<DecodeStreamResponse>) observer;
    call.setOnCancelHandler(cancelled::incrementAndGet);
    Answer answer = script.poll();
    (answer == null ? events(right(request)) : answer).to(request, call);
  }

  @Override
  public void encode(EncodeRequest request, StreamObserver<EncodeResponse> observer) {
    observer.onNext(encodings.remove());
    observer.onCompleted();
  }

  @Override
  public void describeModel(
      DescribeModelRequest request, StreamObserver<DescribeModelResponse> observer) {
    questions.incrementAndGet();
    observer.onNext(
        DescribeModelResponse.newBuilder()
            .setModel(model)
            .setEstimate(Estimate.newBuilder().setOperations(5).setPeakBytes(6).setNanos(7))
            .build());
    observer.onCompleted();
  }

  @Override
  public void close() {
    server.shutdownNow();
    try {
      boolean unused = server.awaitTermination(5, java.util.concurrent.TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
