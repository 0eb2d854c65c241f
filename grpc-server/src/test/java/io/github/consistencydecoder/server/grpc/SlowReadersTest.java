package io.github.consistencydecoder.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.proto.v1.DecodeRequest;
import io.github.consistencydecoder.proto.v1.DecodeResponse;
import io.github.consistencydecoder.proto.v1.DecodeStreamResponse;
import io.github.consistencydecoder.proto.v1.DecodeStreamResponse.EventCase;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.github.consistencydecoder.proto.v1.PictureFormat;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.queue.QueuedDecodeService;
import io.github.consistencydecoder.server.request.ByteBudget;
import io.github.consistencydecoder.server.request.ServiceLimits;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.FakeDecoder;
import io.github.consistencydecoder.testing.SampleLatents;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.netty.buffer.PooledByteBufAllocator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Readers that take their time cost a part each and not a picture. */
class SlowReadersTest {
  private static final int READERS = 12;

  /** 1024x1024 in float32. */
  private static final long ANSWER = 12L << 20;

  private final FakeDecoder.Controls controls = new FakeDecoder.Controls();
  private final List<Reader> readers = new ArrayList<>();
  private QueuedDecodeService service;
  private OpenEndpoint endpoint;

  @BeforeEach
  void open() {
    service =
        Fixtures.builder(controls)
            .limits(
                new ServiceLimits(
                    1 << 20, 8, Duration.ofSeconds(60), Duration.ofSeconds(50), 4L << 30, 2))
            .start();
    Fixtures.awaitServing(service);
  }

  @AfterEach
  void close() {
    readers.forEach(r -> r.call.cancel("over", null));
    Await.until("bytes to be free", () -> endpoint.endpoint.bytesInFlight().held() == 0);
    endpoint.close();
    service.close();
  }

  /** Reads a message when it is told to. */
  private static final class Reader extends ClientCall.Listener<DecodeStreamResponse> {
    final ClientCall<DecodeRequest, DecodeStreamResponse> call;
    final AtomicLong bytes = new AtomicLong();
    final CompletableFuture<Status> closed = new CompletableFuture<>();
    volatile EventCase last = EventCase.EVENT_NOT_SET;

    Reader(OpenEndpoint endpoint, DecodeRequest request) {
      call =
          endpoint.tcp().newCall(DecoderServiceGrpc.getDecodeStreamMethod(), CallOptions.DEFAULT);
      call.start(this, new Metadata());
      call.sendMessage(request);
      call.halfClose();
    }

    @Override
    public void onMessage(DecodeStreamResponse event) {
      last = event.getEventCase();
      bytes.addAndGet(event.getPart().getData().size());
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      closed.complete(status);
    }
  }

  private Reader reader() {
    Latents latents = SampleLatents.scaled(1, 1, 128, 128);
    Reader reader =
        new Reader(
            endpoint,
            OpenEndpoint.request(latents).setFormat(PictureFormat.PICTURE_FORMAT_FLOAT32).build());
    readers.add(reader);
    return reader;
  }

  private static long direct() {
    return PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory();
  }

  @Test
  void slowReadersGetAllOfTheirAnswers() throws Exception {
    long unused = readLate(Duration.ZERO);
  }

  /** A window and a part on each side of a connection, client's included: some of the answers. */
  @Test
  @Tag("measure")
  void waitingAnswersAreNotBuffered() throws Exception {
    assertThat(readLate(Duration.ofMillis(300))).isLessThan(READERS * (5L << 20));
  }

  /**
   * Reads answers only when all of them wait.
   *
   * @return bytes of buffers that they took after a while
   */
  private long readLate(Duration afterAWhile) throws Exception {
    endpoint = OpenEndpoint.over(service, b -> b.bytes(new ByteBudget(1L << 30)));
    long before = direct();
    for (int i = 0; i < READERS; i++) {
      // up to the header; no part is asked for
      reader().call.request(6);
    }
    Await.until("all decodes", () -> service.ledger().completed() == READERS);
    Await.until("all headers", () -> readers.stream().allMatch(r -> r.last == EventCase.HEADER));
    Thread.sleep(afterAWhile.toMillis());
    long taken = direct() - before;
    for (Reader reader : readers) {
      reader.call.request(1000);
    }
    for (Reader reader : readers) {
      assertThat(reader.closed.get(30, TimeUnit.SECONDS).isOk()).isTrue();
      assertThat(reader.bytes).hasValue(ANSWER);
      assertThat(reader.last).isEqualTo(EventCase.DONE);
    }
    return taken;
  }

  @Test
  void readerThatStopsIsGivenUp() throws Exception {
    endpoint =
        OpenEndpoint.over(service, b -> b.patience(Duration.ofMillis(300)).slowestReader(32 << 20));
    Reader reader = reader();
    reader.call.request(7);
    Await.until("bytes to be free", () -> service.ledger().completed() == 1);
    Await.until("the endpoint to give up", () -> endpoint.endpoint.bytesInFlight().held() == 0);
    reader.call.request(1000);
    Status status = reader.closed.get(10, TimeUnit.SECONDS);
    assertThat(status.getCode()).isIn(Status.Code.DEADLINE_EXCEEDED, Status.Code.CANCELLED);
  }

  @Test
  void unaryReaderThatReadsNothingIsCutOff() throws Exception {
    endpoint =
        OpenEndpoint.over(service, b -> b.patience(Duration.ofMillis(100)).slowestReader(32 << 20));
    DecodeRequest request = OpenEndpoint.request(SampleLatents.scaled(1, 1, 128, 128)).build();
    CompletableFuture<Status> closed = new CompletableFuture<>();
    ClientCall<DecodeRequest, DecodeResponse> call =
        endpoint.tcp().newCall(DecoderServiceGrpc.getDecodeMethod(), CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onClose(Status status, Metadata trailers) {
            closed.complete(status);
          }
        },
        new Metadata());
    call.sendMessage(request);
    call.halfClose();

    Await.until("the decode", () -> service.ledger().completed() == 1);
    Await.until("the endpoint to give up", () -> endpoint.endpoint.bytesInFlight().held() == 0);
    call.request(2);
    assertThat(closed.get(10, TimeUnit.SECONDS).getCode()).isEqualTo(Status.Code.CANCELLED);
  }

  private static long heap() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  @Test
  @Tag("measure")
  void callsThatAreOverLeaveNothingBehind() {
    endpoint = OpenEndpoint.over(service);
    var stub = endpoint.decoder();
    DecodeRequest request = OpenEndpoint.request(SampleLatents.scaled(1, 1, 64, 64)).build();
    long before = heap();
    for (int i = 0; i < 30; i++) {
      assertThat(stub.decode(request).getPictures().hasTensor()).isTrue();
      stub.decodeStream(request).forEachRemaining(event -> {});
    }
    // Each of the 60 results has 3 MiB.
    assertThat(heap() - before).isLessThan(40L << 20);
  }

  @Test
  void readerThatGoesFreesWhatItHeld() {
    endpoint = OpenEndpoint.over(service);
    Reader reader = reader();
    reader.call.request(7);
    Await.until("the decode", () -> service.ledger().completed() == 1);
    reader.call.cancel("gone", null);
    Await.until("bytes to be free", () -> endpoint.endpoint.bytesInFlight().held() == 0);
  }
}
