package io.github.consistencydecoder.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.Encoders;
import io.github.consistencydecoder.plugin.Keep;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Mask;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.plugin.Schedule;
import io.github.consistencydecoder.plugin.Start;
import io.github.consistencydecoder.plugin.Tiling;
import io.github.consistencydecoder.testing.SampleLatents;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A model of this process and the same model behind a service cannot be told apart. */
class SameBytesTest {
  @TempDir private static Path folder;
  private static TestService service;
  private static TestService vae;
  private static LatentDecoder here;
  private static LatentDecoder tcp;
  private static LatentDecoder socket;

  @BeforeAll
  static void open() {
    service =
        TestService.open(
            0,
            "consistency_decoder",
            TestService.tiny(),
            endpoint -> endpoint.socket(folder.resolve("own").resolve("s")));
    vae = TestService.open("sd_vae", TestService.vae());
    here = Decoders.open("consistency", TestService.cpu());
    tcp = Decoders.open("remote", TestService.at(service.target()));
    socket = Decoders.open("remote", TestService.at(service.socket()));
  }

  @AfterAll
  static void close() {
    Stream.of(tcp, socket, here).forEach(LatentDecoder::close);
    service.close();
    vae.close();
  }

  private static List<float[]> noise(int steps, int size) {
    Random random = new Random(9);
    List<float[]> all = new ArrayList<>();
    for (int k = 0; k < steps; k++) {
      float[] values = new float[size];
      for (int i = 0; i < size; i++) {
        values[i] = (float) random.nextGaussian();
      }
      all.add(values);
    }
    return all;
  }

  static Stream<DecodeOptions> options() {
    return Stream.of(
        DecodeOptions.defaults(),
        DecodeOptions.builder().noise(Noise.shared(5)).build(),
        DecodeOptions.builder().seed(-5).build(),
        DecodeOptions.builder().seed(Long.MAX_VALUE).schedule(Schedule.ONE_STEP).build(),
        DecodeOptions.builder().schedule(Schedule.of(900, 300, 16)).build(),
        DecodeOptions.builder().clamp(ClampMode.NONE).build(),
        DecodeOptions.builder().noise(Noise.seededPerImage(List.of(3L, Long.MIN_VALUE))).build(),
        DecodeOptions.builder().noise(noise(2, 2 * 3 * 40 * 56)).clamp(ClampMode.NONE).build(),
        DecodeOptions.builder().start(Start.given(picture(2))).build(),
        DecodeOptions.builder()
            .start(Start.given(picture(2)))
            .schedule(Schedule.of(640, 300))
            .keep(Keep.of(picture(1), mask()))
            .build());
  }

  private static Pixels picture(int batch) {
    float[] values = new float[batch * 3 * 40 * 56];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i * 31 % 201 - 100) / 100f;
    }
    return Pixels.takeOver(values, batch, 40, 56);
  }

  private static Mask mask() {
    boolean[] repaint = new boolean[40 * 56];
    Arrays.fill(repaint, 700, 900, true);
    return Mask.of(repaint, 1, 40, 56);
  }

  @Test
  void anotherDecoderMakesTheStart() {
    Latents latents = SampleLatents.scaled(4, 1, 5, 7);
    try (LatentDecoder preview = Decoders.open("preview", TestService.cpu())) {
      DecodeOptions options = DecodeOptions.builder().start(Start.decodedBy(preview)).build();
      assertThat(tcp.decode(latents, options).pixels().values())
          .isEqualTo(here.decode(latents, options).pixels().values());
    }
  }

  @ParameterizedTest
  @MethodSource("options")
  void everyOptionGivesTheSameOnEveryWay(DecodeOptions options) {
    Latents latents = SampleLatents.scaled(4, 2, 5, 7);
    Decoded expected = here.decode(latents, options);
    for (LatentDecoder remote : List.of(tcp, socket)) {
      Decoded found = remote.decode(latents, options);
      assertThat(found.pixels().values()).isEqualTo(expected.pixels().values());
      assertThat(found.metadata()).isEqualTo(expected.metadata());
      assertThat(found.warnings()).isEqualTo(expected.warnings());
      assertThat(found.stepNanos()).hasSameSizeAs(expected.stepNanos());
    }
  }

  @Test
  void bothScalesArriveAsTheyAreWithTheWarningsForThem() {
    Latents scaled = SampleLatents.scaled(4, 1, 5, 7);
    float[] values = new float[scaled.size()];
    scaled.values().get(values);
    for (Latents latents :
        List.of(scaled, scaled.to(LatentScale.UNSCALED), Latents.unscaled(values, 1, 4, 5, 7))) {
      Decoded expected = here.decode(latents, DecodeOptions.defaults());
      Decoded found = tcp.decode(latents, DecodeOptions.defaults());
      assertThat(found.pixels().values()).isEqualTo(expected.pixels().values());
      assertThat(found.warnings()).isEqualTo(expected.warnings());
      assertThat(found.metadata()).isEqualTo(expected.metadata());
    }
  }

  /** A picture of 1 MiB a plane and more, so that planes come in several bands. */
  @Test
  @Tag("slow")
  void aPictureOfManyBandsIsTheSame() {
    Latents latents = SampleLatents.scaled(6, 1, 70, 67);
    DecodeOptions options = DecodeOptions.builder().schedule(Schedule.ONE_STEP).build();
    assertThat(socket.decode(latents, options).pixels().values())
        .isEqualTo(here.decode(latents, options).pixels().values());
  }

  @Test
  void theInformationIsThatOfTheModelThere() {
    DecoderInfo expected = here.info();
    DecoderInfo found = tcp.info();
    assertThat(found.provider()).isEqualTo("remote");
    assertThat(found.model()).isEqualTo("consistency_decoder");
    assertThat(found.digest()).isEqualTo(expected.digest()).startsWith("sha256:");
    assertThat(found.device()).startsWith("remote: ");
    assertThat(found.details()).containsEntry("dtype", expected.details().get("dtype"));
  }

  @Test
  void theEstimateIsTheSame() {
    assertThat(tcp.estimate(2, 9, 5, DecodeOptions.defaults()))
        .isEqualTo(here.estimate(2, 9, 5, DecodeOptions.defaults()));
  }

  @Test
  void theEstimateIsOfTheOptions() {
    DecodeOptions options =
        DecodeOptions.builder().schedule(Schedule.ONE_STEP).tiling(Tiling.WHOLE).build();
    assertThat(tcp.estimate(1, 9, 5, options)).isEqualTo(here.estimate(1, 9, 5, options));
    assertThat(tcp.estimate(1, 9, 5, options).operations())
        .isLessThan(tcp.estimate(1, 9, 5, DecodeOptions.defaults()).operations());
  }

  @Test
  void tilingIsTold() {
    Latents latents = SampleLatents.scaled(7, 1, 2, 2);
    for (Tiling tiling : Tiling.values()) {
      DecodeOptions options = DecodeOptions.builder().tiling(tiling).build();
      String told = DecodeRequests.of("m", latents, options).getTiling().name();
      assertThat(told)
          .isEqualToIgnoringCase("TILING_" + (tiling == Tiling.AUTO ? "unspecified" : tiling.id()));
    }
  }

  @Test
  void anEstimateIsAskedForOnceASize() {
    try (FakeServer server = FakeServer.start();
        LatentDecoder decoder = server.open()) {
      int before = server.questions.get();
      for (int k = 0; k < 5; k++) {
        assertThat(decoder.estimate(1, 8, 8, DecodeOptions.defaults()).operations()).isEqualTo(5);
        assertThat(decoder.estimate(1, 8, 9, DecodeOptions.defaults()).peakBytes()).isEqualTo(6);
      }
      assertThat(server.questions.get() - before).isEqualTo(2);
    }
  }

  @Test
  void whatTheServiceRefusesIsSaidInItsWords() {
    float[] values = new float[4 * 4];
    values[7] = Float.POSITIVE_INFINITY;
    Asserts.fails(
        DecoderErrorCode.INVALID_LATENTS,
        () -> tcp.decode(Latents.scaled(values, 1, 4, 2, 2), DecodeOptions.defaults()),
        "Infinity",
        "1 of 16 values are NaN or infinite");
    Asserts.fails(
        DecoderErrorCode.INVALID_LATENTS,
        () -> tcp.decode(SampleLatents.scaled(1, 1, 200, 200), DecodeOptions.defaults()),
        "2560000 pixels",
        "1048576");
    Asserts.fails(
        DecoderErrorCode.INVALID_OPTIONS,
        () ->
            tcp.decode(
                SampleLatents.scaled(1, 1, 2, 2),
                DecodeOptions.builder().schedule(Schedule.of(16, 900)).build()),
        "none above the one before");
  }

  @Test
  void aModelThatIsNotThereIsNamedWithThoseThatAre() {
    DecoderConfig config = TestService.at(service.target()).with("model", "other");
    Asserts.fails(
        DecoderErrorCode.MODEL_MISSING,
        () -> new RemoteDecoderProvider().open(config),
        "'other'",
        "consistency_decoder",
        service.target());
    Asserts.fails(
        DecoderErrorCode.MODEL_UNSUPPORTED,
        () -> new RemoteEncoderProvider().open(TestService.at(service.target())),
        "'consistency_decoder'",
        "has no encoder");
  }

  @Test
  void anEncoderGivesTheSameLatentsToTheBit() {
    Random random = new Random(3);
    float[] values = new float[2 * 3 * 40 * 56];
    for (int i = 0; i < values.length; i++) {
      values[i] = 2 * random.nextFloat() - 1;
    }
    Pixels pixels = Pixels.takeOver(values, 2, 40, 56);
    try (LatentEncoder expected = Encoders.open("vae", TestService.vaeConfig());
        LatentEncoder remote = Encoders.open("remote", TestService.at(vae.target()))) {
      Latents found = remote.encode(pixels);
      assertThat(found.scale()).isEqualTo(expected.encode(pixels).scale());
      assertThat(found.values()).isEqualTo(expected.encode(pixels).values());
      assertThat(remote.info().model()).isEqualTo("sd_vae");
    }
  }

  @Test
  void aModelThatIsNotReadyIsSaidToBeThat() {
    try (FakeServer server = FakeServer.start()) {
      server.model =
          server.model.toBuilder().setReady(false).setReason("its files are missing").build();
      Asserts.fails(
          DecoderErrorCode.DEVICE_UNAVAILABLE, server::open, "'fake'", "its files are missing");
    }
  }

  @Test
  void aServerOfAnotherVersionIsSaidToBeThat() throws Exception {
    var server =
        io.grpc.netty.NettyServerBuilder.forAddress(
                new java.net.InetSocketAddress(java.net.InetAddress.getLoopbackAddress(), 0))
            .build()
            .start();
    try {
      Asserts.fails(
          DecoderErrorCode.DEVICE_UNAVAILABLE,
          () -> new RemoteDecoderProvider().open(TestService.at("127.0.0.1:" + server.getPort())),
          "another version",
          "127.0.0.1:" + server.getPort());
    } finally {
      server.shutdownNow();
    }
  }
}
