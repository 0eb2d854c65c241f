package io.github.consistencydecoder.server.grpc;

import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.proto.v1.DataType;
import io.github.consistencydecoder.proto.v1.DecodeRequest;
import io.github.consistencydecoder.proto.v1.DecodeStreamResponse;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.github.consistencydecoder.proto.v1.PictureFormat;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.models.ModelSource;
import io.github.consistencydecoder.server.queue.Ledger;
import io.github.consistencydecoder.server.queue.QueuedDecodeService;
import io.github.consistencydecoder.server.request.ServiceLimits;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.Leak;
import io.github.consistencydecoder.testing.ProcessStatus;
import io.github.consistencydecoder.testing.SampleLatents;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Iterator;
import java.util.Random;

/**
 * A process of its own that is a sidecar and its client for thousands of calls: 30 shapes, a tenth
 * cancelled at some moment, a twentieth malformed. Prints {@code at CALLS RSS LIVE_HEAP} in bytes
 * as it goes and {@code ledger ...} at the end. The heap has a fixed size and is touched from the
 * start, so that resident memory grows by native memory alone.
 */
final class Soak {
  private static final int SHAPES = 30;

  /** Of a connection: every tenth is reset, and 400 resets in a minute would end it. */
  private static final int CALLS_OF_A_CONNECTION = 1_000;

  private final int calls;
  private final int every;
  private final Leak leak;
  private final Random random = new Random(20);
  private int answered;
  private int cancelled;
  private int refused;

  private Soak(int calls, int every, Leak leak) {
    this.calls = calls;
    this.every = every;
    this.leak = leak;
  }

  /**
   * @param args number of calls, calls between two looks, bytes of native memory to lose with each
   *     call, folder for the model's cache, name of the decoder's provider
   */
  public static void main(String[] args) throws Exception {
    Soak soak =
        new Soak(
            Integer.parseInt(args[0]),
            Integer.parseInt(args[1]),
            new Leak(Integer.parseInt(args[2])));
    DecoderConfig config =
        args[4].equals("preview")
            ? DecoderConfig.model("sd1")
            : DecoderConfig.model("tiny").with("cache", args[3]).with(DecoderConfig.THREADS, "1");
    try (QueuedDecodeService service =
            QueuedDecodeService.builder()
                .model(Fixtures.MODEL, ModelSource.of(args[4], config))
                .limits(
                    new ServiceLimits(
                        1 << 20, 8, Duration.ofSeconds(60), Duration.ofSeconds(60), 1L << 30, 1))
                .start();
        OpenEndpoint endpoint = OpenEndpoint.over(service)) {
      Fixtures.awaitServing(service);
      soak.run(endpoint);
      Await.until(
          "calls to end", () -> service.ledger().accepted() == Fixtures.ended(service.ledger()));
      Ledger ledger = service.ledger();
      System.out.println(
          "ledger "
              + ledger.accepted()
              + " "
              + Fixtures.ended(ledger)
              + " "
              + soak.answered
              + " "
              + soak.cancelled
              + " "
              + soak.refused);
    }
  }

  private void run(OpenEndpoint endpoint) {
    ManagedChannel channel = endpoint.tcp();
    for (int i = 1; i <= calls; i++) {
      if (i % CALLS_OF_A_CONNECTION == 0) {
        channel.shutdown();
        channel = endpoint.tcp();
      }
      call(DecoderServiceGrpc.newBlockingStub(channel));
      leak.lose();
      if (i % every == 0) {
        look(i);
      }
    }
  }

  private void call(DecoderServiceGrpc.DecoderServiceBlockingStub decoder) {
    int shape = random.nextInt(SHAPES);
    DecodeRequest.Builder request =
        OpenEndpoint.request(
                SampleLatents.scaled(
                    random.nextLong(), 1 + shape % 2, 1 + shape % 5, 1 + shape / 5))
            .setFormat(
                shape % 3 == 0
                    ? PictureFormat.PICTURE_FORMAT_PNG
                    : PictureFormat.PICTURE_FORMAT_FLOAT32);
    request.getNoiseBuilder().setSeed(random.nextInt());
    int kind = random.nextInt(20);
    if (kind == 0) {
      malformed(decoder, request);
    } else if (kind <= 2) {
      abandoned(decoder, request.build());
    } else {
      var unused = decoder.decode(request.build());
      answered++;
    }
  }

  private void malformed(
      DecoderServiceGrpc.DecoderServiceBlockingStub decoder, DecodeRequest.Builder request) {
    request
        .getLatentsBuilder()
        .getTensorBuilder()
        .setDataType(random.nextBoolean() ? DataType.DATA_TYPE_UINT8 : DataType.DATA_TYPE_FLOAT16);
    try {
      var unused = decoder.decode(request.build());
      throw new IllegalStateException("a malformed call was answered");
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() != Status.Code.INVALID_ARGUMENT) {
        throw e;
      }
      refused++;
    }
  }

  /** Reads some of the events and leaves. */
  private void abandoned(
      DecoderServiceGrpc.DecoderServiceBlockingStub decoder, DecodeRequest request) {
    int events = random.nextInt(5);
    Context.CancellableContext context = Context.current().withCancellation();
    Context before = context.attach();
    try {
      Iterator<DecodeStreamResponse> answer = decoder.decodeStream(request);
      for (int i = 0; i < events && answer.hasNext(); i++) {
        answer.next();
      }
    } finally {
      context.detach(before);
      context.cancel(null);
    }
    cancelled++;
  }

  private void look(int call) {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    System.out.println(
        "at "
            + call
            + " "
            + ProcessStatus.resident()
            + " "
            + (runtime.totalMemory() - runtime.freeMemory()));
  }
}
