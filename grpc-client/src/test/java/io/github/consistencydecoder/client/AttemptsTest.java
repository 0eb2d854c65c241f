package io.github.consistencydecoder.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeListener;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.proto.v1.DecodeStreamResponse;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.SampleLatents;
import io.grpc.Metadata;
import io.grpc.Status;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When a call is made again, and when it is not. */
class AttemptsTest {
  private final FakeServer server = FakeServer.start();
  private final List<LatentDecoder> opened = new ArrayList<>();

  @AfterEach
  void stop() {
    opened.forEach(LatentDecoder::close);
    server.close();
  }

  private static FakeServer.Answer busy(Duration pause) {
    return FakeServer.status(ServiceException.retry(ServiceError.BUSY, "the queue is full", pause));
  }

  private static FakeServer.Answer bare(Status status) {
    return (request, call) -> call.onError(status.asRuntimeException());
  }

  private static void requireRight(Decoded decoded) {
    FloatBuffer values = decoded.pixels().values();
    for (int i = 0; i < values.limit(); i++) {
      if (values.get(i) != FakeServer.value(i)) {
        throw new AssertionError("value " + i + " is " + values.get(i));
      }
    }
    assertThat(decoded.stepNanos()).containsExactly(10L, 11L);
    assertThat(decoded.warnings()).containsExactly("it is fake");
  }

  /** Decodes something small with a decoder that stays open until the test has ended. */
  private Decoded decode(DecodeOptions options, String... settings) {
    DecoderConfig config = TestService.at(server.target());
    for (int i = 0; i < settings.length; i += 2) {
      config = config.with(settings[i], settings[i + 1]);
    }
    LatentDecoder decoder = FakeServer.open(config);
    opened.add(decoder);
    return decoder.decode(SampleLatents.scaled(1, 1, 2, 2), options);
  }

  /** Does something once the server has been called. */
  private CompletableFuture<Void> whenCalled(Runnable action) {
    return CompletableFuture.runAsync(
        () -> {
          Await.until("the call", () -> !server.calls.isEmpty());
          action.run();
        });
  }

  private void assertCancelledThere() {
    Await.until("the server to hear of it", () -> server.cancelled.get() == 1);
    assertThat(server.calls).hasSize(1);
  }

  private long millisBetween(int first, int second) {
    return TimeUnit.NANOSECONDS.toMillis(server.calls.get(second) - server.calls.get(first));
  }

  @Test
  void aBusyServerIsAskedAgainWhenItSaysSo() {
    server.script.add(busy(Duration.ofMillis(400)));
    try (LatentDecoder decoder = server.open()) {
      requireRight(decoder.decode(SampleLatents.scaled(1, 2, 3, 4), DecodeOptions.defaults()));
    }
    assertThat(server.calls).hasSize(2);
    // Four times the pause that there would be otherwise.
    assertThat(millisBetween(0, 1)).isGreaterThanOrEqualTo(395);
  }

  @Test
  void fourAttemptsAreMadeAndThenTheServersSentenceIsTold() {
    for (int k = 0; k < 9; k++) {
      server.script.add(busy(Duration.ofMillis(1)));
    }
    Asserts.fails(
        DecoderErrorCode.BUSY,
        () -> decode(DecodeOptions.defaults()),
        "the queue is full",
        "try again later",
        server.target());
    assertThat(server.calls).hasSize(4);
  }

  @Test
  void aPauseLongerThanTheTimeoutIsNotWaitedFor() {
    server.script.add(busy(Duration.ofHours(1)));
    Asserts.fails(
        DecoderErrorCode.BUSY,
        () -> decode(DecodeOptions.defaults(), "timeout", "10m"),
        // And not that the time was over.
        "the queue is full");
    assertThat(server.calls).hasSize(1);
  }

  @Test
  void aServerThatSaysNotAgainIsNotAskedAgain() {
    server.script.add(
        (request, call) -> {
          Metadata trailers = new Metadata();
          trailers.put(
              Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER), "-1");
          call.onError(
              Status.RESOURCE_EXHAUSTED.withDescription("never").asRuntimeException(trailers));
        });
    Asserts.fails(DecoderErrorCode.BUSY, () -> decode(DecodeOptions.defaults()), "never");
    assertThat(server.calls).hasSize(1);
  }

  @Test
  void aServerThatIsNotReadyOrBreaksOffIsFollowedByAnotherAttempt() {
    server.script.add(
        FakeServer.status(
            ServiceException.retry(
                ServiceError.NOT_READY, "the service is stopping", Duration.ofSeconds(9))));
    server.script.add(bare(Status.CANCELLED.withDescription("RST_STREAM")));
    server.script.add(bare(Status.UNAVAILABLE));
    requireRight(decode(DecodeOptions.defaults()));
    assertThat(server.calls).hasSize(4);
    // Growing, and not the nine seconds after which a server alone would be ready.
    assertThat(millisBetween(0, 1)).isGreaterThanOrEqualTo(80);
    assertThat(millisBetween(2, 3)).isGreaterThanOrEqualTo(720);
  }

  /** gRPC itself makes no call again whose request is larger than a megabyte. */
  @Test
  void aLargeRequestIsMadeAgainAsWell() {
    server.script.add(bare(Status.UNAVAILABLE));
    List<float[]> noise = List.of(new float[3 * 512 * 512], new float[3 * 512 * 512]);
    try (LatentDecoder decoder = server.open()) {
      requireRight(
          decoder.decode(
              SampleLatents.scaled(1, 1, 64, 64), DecodeOptions.builder().noise(noise).build()));
    }
    assertThat(server.calls).hasSize(2);
  }

  @Test
  void whatCannotGetBetterIsNotTriedAgain() {
    for (Status.Code code :
        List.of(
            Status.Code.INVALID_ARGUMENT,
            Status.Code.INTERNAL,
            Status.Code.UNIMPLEMENTED,
            Status.Code.NOT_FOUND,
            Status.Code.DEADLINE_EXCEEDED,
            Status.Code.PERMISSION_DENIED)) {
      server.calls.clear();
      server.script.add(bare(code.toStatus().withDescription("so it is")));
      assertThatExceptionOfType(DecoderException.class)
          .isThrownBy(() -> decode(DecodeOptions.defaults()));
      assertThat(server.calls).as(code.name()).hasSize(1);
    }
  }

  @Test
  void aDecodeThatBreaksInTheMiddleIsMadeAnewAndEachStepIsToldOnce() {
    for (int cut : new int[] {2, 4, 7}) {
      server.script.add(
          (request, call) -> {
            List<DecodeStreamResponse> events = FakeServer.right(request);
            events.subList(0, cut).forEach(call::onNext);
            call.onError(Status.UNAVAILABLE.asRuntimeException());
          });
    }
    List<String> heard = new ArrayList<>();
    DecodeListener listener =
        new DecodeListener() {
          @Override
          public void stepStarted(int step, int steps, int timestep) {
            heard.add("start " + step + "/" + steps + " at " + timestep);
          }

          @Override
          public void stepFinished(int step, int steps, long nanos) {
            heard.add("end " + step + "/" + steps + " after " + nanos);
          }

          @Override
          public void warning(String sentence) {
            heard.add(sentence);
          }
        };
    try (LatentDecoder decoder = server.open()) {
      requireRight(
          decoder.decode(
              SampleLatents.scaled(1, 2, 3, 4),
              DecodeOptions.builder().listener(listener).build()));
    }
    assertThat(server.calls).hasSize(4);
    assertThat(heard)
        .containsExactly(
            "start 0/2 at 1008",
            "end 0/2 after 10",
            "start 1/2 at 512",
            "end 1/2 after 11",
            "it is fake");
  }

  private void assertCancelled() throws Exception {
    Cancellation cancellation = new Cancellation();
    CompletableFuture<Void> cancelling = whenCalled(cancellation::cancel);
    DecodeOptions options = DecodeOptions.builder().cancellation(cancellation).build();
    Asserts.fails(DecoderErrorCode.CANCELLED, () -> decode(options));
    cancelling.get(60, TimeUnit.SECONDS);
  }

  @Test
  void aCancellationEndsTheWaitForTheNextAttempt() throws Exception {
    server.script.add(busy(Duration.ofMinutes(2)));
    assertCancelled();
    assertThat(server.calls).hasSize(1);
  }

  @Test
  void aCancellationReachesTheServerAndIsTheEnd() throws Exception {
    server.script.add((request, call) -> call.onNext(FakeServer.right(request).get(0)));
    assertCancelled();
    assertCancelledThere();
  }

  @Test
  void anInterruptionIsACancellationAndIsKept() throws Exception {
    server.script.add((request, call) -> call.onNext(FakeServer.right(request).get(0)));
    CompletableFuture<Void> interrupting = whenCalled(Thread.currentThread()::interrupt);
    Asserts.fails(DecoderErrorCode.CANCELLED, () -> decode(DecodeOptions.defaults()));
    assertThat(Thread.interrupted()).as("still interrupted").isTrue();
    interrupting.get(60, TimeUnit.SECONDS);
    assertThat(server.calls).hasSize(1);
  }

  @Test
  void anExceptionOfTheListenerReachesTheCallerAndStopsTheServer() {
    server.script.add(
        (request, call) -> FakeServer.right(request).subList(0, 2).forEach(call::onNext));
    IllegalArgumentException thrown = new IllegalArgumentException("mine");
    DecodeListener listener =
        new DecodeListener() {
          @Override
          public void stepStarted(int step, int steps, int timestep) {
            throw thrown;
          }
        };
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> decode(DecodeOptions.builder().listener(listener).build()))
        .isSameAs(thrown);
    assertCancelledThere();
  }

  @Test
  void theTimeoutHoldsForAServerThatSaysNothing() {
    server.script.add((request, call) -> {});
    Asserts.fails(
        DecoderErrorCode.BUSY,
        () -> decode(DecodeOptions.defaults(), "timeout", "1500ms"),
        "within 1500 ms",
        "timeout");
    assertCancelledThere();
  }

  @Test
  void nobodyThereIsSaidWithWhatToDo() {
    server.close();
    Asserts.fails(
        DecoderErrorCode.DEVICE_UNAVAILABLE,
        server::open,
        "no decode service can be reached at " + server.target(),
        "refused",
        "consistency-decoder serve",
        "target");
  }
}
