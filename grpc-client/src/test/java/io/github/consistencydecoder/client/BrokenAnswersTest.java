package io.github.consistencydecoder.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.github.consistencydecoder.client.DecodeRequests.FloatTensors;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.proto.v1.DataType;
import io.github.consistencydecoder.proto.v1.DecodeStreamResponse;
import io.github.consistencydecoder.proto.v1.EncodeResponse;
import io.github.consistencydecoder.proto.v1.LatentScale;
import io.github.consistencydecoder.proto.v1.Latents;
import io.github.consistencydecoder.proto.v1.Part;
import io.github.consistencydecoder.proto.v1.PictureFormat;
import io.github.consistencydecoder.proto.v1.PicturesHeader;
import io.github.consistencydecoder.proto.v1.Tensor;
import io.github.consistencydecoder.testing.SampleLatents;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** An answer that breaks the protocol is told apart from a picture, every time. */
class BrokenAnswersTest {
  /** Place of the header among the right events of {@link FakeServer}; the parts follow. */
  private static final int HEADER = 5;

  private static FakeServer server;
  private static LatentDecoder decoder;

  @BeforeAll
  static void start() {
    server = FakeServer.start();
    decoder = server.open();
  }

  @AfterAll
  static void stop() {
    decoder.close();
    server.close();
  }

  @BeforeEach
  void forget() {
    server.calls.clear();
  }

  private static Consumer<List<DecodeStreamResponse>> header(
      UnaryOperator<PicturesHeader.Builder> change) {
    return events ->
        events.set(
            HEADER,
            DecodeStreamResponse.newBuilder()
                .setHeader(change.apply(events.get(HEADER).getHeader().toBuilder()))
                .build());
  }

  /** Of the part that is the second of two pictures' six. */
  private static Consumer<List<DecodeStreamResponse>> part(UnaryOperator<Part.Builder> change) {
    return events ->
        events.set(
            HEADER + 2,
            DecodeStreamResponse.newBuilder()
                .setPart(change.apply(events.get(HEADER + 2).getPart().toBuilder()))
                .build());
  }

  private static Part.Builder withValue(Part.Builder part, float value) {
    FloatBuffer floats = FloatTensors.floats(part.getData());
    float[] values = new float[floats.remaining()];
    floats.get(values);
    values[17] = value;
    return part.setData(
        FloatTensors.of(FloatBuffer.wrap(values), List.of((long) values.length)).getData());
  }

  static Stream<Arguments> flaws() {
    return Stream.of(
        flaw("no events", List::clear, "before that of the decode"),
        flaw("no end", e -> e.remove(e.size() - 1), "before that of the decode"),
        flaw("no header", e -> e.remove(HEADER), "before the header"),
        flaw("two headers", e -> e.add(HEADER, e.get(HEADER)), "second header"),
        flaw("an end without pictures", e -> e.subList(HEADER, e.size() - 1).clear(), "without"),
        flaw("an event after the end", e -> e.add(e.get(0)), "after the last"),
        flaw("a part less", e -> e.remove(HEADER + 6), "the end after"),
        flaw("a part more", e -> e.add(e.size() - 1, e.get(HEADER + 6)), "none was due"),
        flaw("a part twice", e -> e.add(HEADER + 1, e.get(HEADER + 1)), "was due"),
        flaw("parts in another order", e -> e.add(HEADER + 1, e.remove(HEADER + 2)), "was due"),
        flaw("another picture", part(p -> p.setPicture(1)), "was due"),
        flaw("a negative picture", part(p -> p.setPicture(-1)), "was due"),
        flaw("another place", part(p -> p.setOffset(4)), "was due"),
        flaw("a negative place", part(p -> p.setOffset(-4)), "was due"),
        flaw("an empty part", part(p -> p.setData(ByteString.EMPTY)), "whole rows"),
        flaw("half a value", part(p -> p.setData(p.getData().substring(2))), "whole rows"),
        flaw("half a row", part(p -> p.setData(p.getData().substring(4))), "whole rows"),
        flaw(
            "a part that is too long",
            part(p -> p.setData(p.getData().concat(p.getData()).concat(p.getData()))),
            "whole rows"),
        flaw("a NaN", part(p -> withValue(p, Float.NaN)), "NaN"),
        flaw("an infinity", part(p -> withValue(p, Float.NEGATIVE_INFINITY)), "Infinity"),
        flaw("another form", header(h -> h.setFormat(PictureFormat.PICTURE_FORMAT_UINT8)), "UINT8"),
        flaw("another shape", header(h -> h.setShape(2, 16)), "[2, 3, 16, 32]"),
        flaw("a huge shape", header(h -> h.setShape(0, 1L << 40)), "1099511627776"),
        flaw("another rank", header(h -> h.addShape(1)), "[2, 3, 24, 32, 1]"),
        flaw("another size", header(h -> h.setSizes(1, 4)), "sizes"),
        flaw("a size less", header(h -> h.clearSizes().addSizes(4 * 3 * 24 * 32)), "sizes"),
        flaw("a step twice", e -> e.add(1, e.get(1)), "step 0 of 2"),
        flaw("a step left out", e -> e.subList(1, 3).clear(), "step 1 of 2"),
        flaw("an end of a step that did not begin", e -> e.remove(1), "the end of step 0"),
        flaw("a beginning inside a step", e -> e.remove(2), "the beginning of step 1"));
  }

  private static Arguments flaw(
      String name, Consumer<List<DecodeStreamResponse>> change, String words) {
    return Arguments.of(name, change, words);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("flaws")
  void isAnErrorAndNoPicture(
      String name, Consumer<List<DecodeStreamResponse>> change, String words) {
    server.script.add(
        (request, call) -> {
          List<DecodeStreamResponse> events = FakeServer.right(request);
          change.accept(events);
          FakeServer.events(events).to(request, call);
        });
    Asserts.fails(
        DecoderErrorCode.RUNTIME_FAILED,
        () -> decoder.decode(SampleLatents.scaled(1, 2, 3, 4), DecodeOptions.defaults()),
        words,
        server.target(),
        "cannot be right");
    assertThat(server.calls).as("attempts").hasSize(1);
  }

  @Test
  void withoutAFlawItIsAPicture() {
    Pixels pixels =
        decoder.decode(SampleLatents.scaled(1, 2, 3, 4), DecodeOptions.defaults()).pixels();
    for (int i = 0; i < pixels.values().limit(); i++) {
      assertThat(pixels.values().get(i)).isEqualTo(FakeServer.value(i));
    }
  }

  @Test
  void eventsOfLaterVersionsArePassedOver() {
    server.script.add(
        (request, call) -> {
          List<DecodeStreamResponse> events = FakeServer.right(request);
          events.add(3, DecodeStreamResponse.getDefaultInstance());
          FakeServer.events(events).to(request, call);
        });
    assertThat(
            decoder.decode(SampleLatents.scaled(1, 2, 3, 4), DecodeOptions.defaults()).stepNanos())
        .containsExactly(10L, 11L);
  }

  @Test
  void otherWeightsThanAtTheOpeningAreAnError() {
    server.script.add(
        (request, call) -> {
          List<DecodeStreamResponse> events = FakeServer.right(request);
          DecodeStreamResponse.Builder last = events.remove(events.size() - 1).toBuilder();
          last.getDoneBuilder().setModelDigest("sha256:" + "2".repeat(64));
          events.add(last.build());
          FakeServer.events(events).to(request, call);
        });
    Asserts.fails(
        DecoderErrorCode.MODEL_UNSUPPORTED,
        () -> decoder.decode(SampleLatents.scaled(1, 2, 3, 4), DecodeOptions.defaults()),
        "sha256:2222",
        "sha256:1111",
        "same");
  }

  static Stream<Arguments> encodings() {
    Tensor right = FloatTensors.of(FloatBuffer.wrap(new float[16]), List.of(1L, 4L, 2L, 2L));
    float[] nan = new float[16];
    nan[3] = Float.NaN;
    LatentScale scaled = LatentScale.LATENT_SCALE_SCALED;
    return Stream.of(
        Arguments.of("nothing", Latents.getDefaultInstance()),
        Arguments.of("another scale", wire(LatentScale.LATENT_SCALE_UNSCALED, right.toBuilder())),
        Arguments.of(
            "another type",
            wire(scaled, right.toBuilder().setDataType(DataType.DATA_TYPE_FLOAT16))),
        Arguments.of("another shape", wire(scaled, right.toBuilder().setShape(2, 3))),
        Arguments.of("too few", wire(scaled, right.toBuilder().setData(ByteString.EMPTY))),
        Arguments.of(
            "a NaN",
            wire(
                scaled, FloatTensors.of(FloatBuffer.wrap(nan), right.getShapeList()).toBuilder())));
  }

  private static Latents wire(LatentScale scale, Tensor.Builder tensor) {
    return Latents.newBuilder().setScale(scale).setTensor(tensor).build();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("encodings")
  void latentsThatCannotBeRightAreAnError(String name, Latents answer) {
    server.encodings.add(EncodeResponse.newBuilder().setLatents(answer).build());
    try (LatentEncoder encoder =
        new RemoteEncoderProvider().open(TestService.at(server.target()))) {
      Asserts.fails(
          DecoderErrorCode.RUNTIME_FAILED,
          () -> encoder.encode(Pixels.takeOver(new float[3 * 16 * 16], 1, 16, 16)),
          "cannot be right",
          "[1, 4, 2, 2]");
    }
  }
}
