package io.github.consistencydecoder.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.Keep;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Mask;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.plugin.Start;
import io.github.consistencydecoder.proto.inference.GRPCInferenceServiceGrpc;
import io.github.consistencydecoder.proto.inference.InferParameter;
import io.github.consistencydecoder.proto.inference.ModelInferRequest;
import io.github.consistencydecoder.proto.inference.ModelInferRequest.InferInputTensor;
import io.github.consistencydecoder.proto.v1.DataType;
import io.github.consistencydecoder.proto.v1.DecodeRequest;
import io.github.consistencydecoder.proto.v1.DecodeResponse;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.github.consistencydecoder.proto.v1.LatentScale;
import io.github.consistencydecoder.proto.v1.PictureFormat;
import io.github.consistencydecoder.proto.v1.Tensor;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.models.ModelSource;
import io.github.consistencydecoder.server.request.PictureBytes;
import io.github.consistencydecoder.server.request.TensorType;
import io.github.consistencydecoder.testing.SampleLatents;
import io.github.consistencydecoder.testing.TensorBytes;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * A start, known pixels, a region and shared noise give the same bytes in this process, over gRPC,
 * over HTTP and by Open Inference, with the bundled model.
 */
class ModesTest {
  private static final String PREVIEW = "preview";
  private static final int HEIGHT = 32;
  private static final int WIDTH = 48;
  private static final int PIXELS = 64 * HEIGHT * WIDTH;
  private static final Latents LATENTS = SampleLatents.scaled(5, 1, HEIGHT, WIDTH);
  private static final byte[] PHOTO = new byte[3 * PIXELS];
  private static final byte[] MASK = new byte[PIXELS];

  private static LatentDecoder decoder;
  private static LatentDecoder preview;
  private static Sidecar sidecar;
  private static ManagedChannel channel;

  @BeforeAll
  static void open() throws Exception {
    new Random(3).nextBytes(PHOTO);
    for (int y = 100; y < 140; y++) {
      Arrays.fill(MASK, y * 8 * WIDTH + 60, y * 8 * WIDTH + 130, (byte) 255);
    }
    DecoderConfig config = DecoderConfig.empty().with(DecoderConfig.DEVICE, "cpu");
    decoder = Decoders.open("consistency", config);
    preview = Decoders.open(PREVIEW, config);
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    sidecar =
        Sidecar.start(
            new SidecarConfig()
                .model(Fixtures.MODEL, ModelSource.of("consistency", config))
                .model(PREVIEW, ModelSource.of(PREVIEW, config))
                .limits(Fixtures.limits())
                .grpc(any)
                .http(any));
    Fixtures.awaitServing(sidecar.service());
    channel =
        NettyChannelBuilder.forAddress("127.0.0.1", sidecar.grpcPort().orElseThrow())
            .usePlaintext()
            .maxInboundMessageSize(1 << 26)
            .build();
  }

  @AfterAll
  static void close() {
    channel.shutdownNow();
    sidecar.close();
    preview.close();
    decoder.close();
  }

  /** What one mode adds to a request of each wire. */
  private record Mode(
      Consumer<DecodeRequest.Builder> grpc,
      String query,
      List<TensorBytes.Named> tensors,
      Consumer<ModelInferRequest.Builder> infer) {}

  private static Tensor tensor(DataType type, byte[] bytes, Long... shape) {
    return Tensor.newBuilder()
        .setDataType(type)
        .addAllShape(List.of(shape))
        .setData(ByteString.copyFrom(bytes))
        .build();
  }

  private static void input(
      ModelInferRequest.Builder request, String name, String type, byte[] bytes, Long... shape) {
    request
        .addInputs(
            InferInputTensor.newBuilder()
                .setName(name)
                .setDatatype(type)
                .addAllShape(List.of(shape)))
        .addRawInputContents(ByteString.copyFrom(bytes));
  }

  private static byte[] overGrpc(Mode mode, Map<String, String> metadata) {
    DecodeRequest.Builder request = DecodeRequest.newBuilder().setModel(Fixtures.MODEL);
    request
        .getLatentsBuilder()
        .setScale(LatentScale.LATENT_SCALE_SCALED)
        .setTensor(
            tensor(
                DataType.DATA_TYPE_FLOAT32,
                TensorType.FLOAT32.toBytes(LATENTS.values()),
                1L,
                4L,
                (long) HEIGHT,
                (long) WIDTH));
    request.getNoiseBuilder().setSeed(7);
    request.setFormat(PictureFormat.PICTURE_FORMAT_UINT8);
    mode.grpc().accept(request);
    DecodeResponse answer = DecoderServiceGrpc.newBlockingStub(channel).decode(request.build());
    metadata.putAll(answer.getReport().getMetadataMap());
    return answer.getPictures().getTensor().getData().toByteArray();
  }

  private static HttpResponse<byte[]> post(Mode mode, String query) throws Exception {
    List<TensorBytes.Named> tensors = new ArrayList<>(mode.tensors());
    tensors.add(TensorBytes.tensor("latents", LATENTS.values(), 1, 4, HEIGHT, WIDTH));
    URI uri =
        URI.create(
            "http://127.0.0.1:"
                + sidecar.httpPort().orElseThrow()
                + "/?output_type=pt&partial_postprocess=True&scaling_factor=0.18215&model="
                + Fixtures.MODEL
                + query
                + mode.query());
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(uri)
                .header("Content-Type", "application/safetensors")
                .POST(HttpRequest.BodyPublishers.ofByteArray(safetensors(tensors)))
                .build(),
            HttpResponse.BodyHandlers.ofByteArray());
  }

  /** Bytes are written as U8, everything else as F32. */
  private static byte[] safetensors(List<TensorBytes.Named> tensors) {
    StringBuilder header = new StringBuilder("{");
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    for (TensorBytes.Named one : tensors) {
      int count = Arrays.stream(one.shape()).reduce(1, (a, b) -> a * b);
      header
          .append(header.length() > 1 ? "," : "")
          .append('"')
          .append(one.name())
          .append("\":{\"dtype\":\"")
          .append(one.bytes().length == count ? "U8" : "F32")
          .append("\",\"shape\":")
          .append(Arrays.toString(one.shape()))
          .append(",\"data_offsets\":[")
          .append(data.size())
          .append(',')
          .append(data.size() + one.bytes().length)
          .append("]}");
      data.writeBytes(one.bytes());
    }
    return TensorBytes.safetensors(header.append('}').toString(), data.toByteArray());
  }

  private static byte[] byInference(Mode mode) {
    ModelInferRequest.Builder request =
        ModelInferRequest.newBuilder()
            .setModelName(Fixtures.MODEL)
            .putParameters(
                "scaling_factor", InferParameter.newBuilder().setDoubleParam(0.18215).build());
    if (!mode.query().contains("noise_shared")) {
      request.putParameters("seed", InferParameter.newBuilder().setInt64Param(7).build());
    }
    input(
        request,
        "latent_sample",
        "FP32",
        TensorType.FLOAT32.toBytes(LATENTS.values()),
        1L,
        4L,
        (long) HEIGHT,
        (long) WIDTH);
    mode.infer().accept(request);
    return GRPCInferenceServiceGrpc.newBlockingStub(channel)
        .modelInfer(request.build())
        .getRawOutputContents(0)
        .toByteArray();
  }

  private static Map<String, String> assertSame(Mode mode, DecodeOptions options) throws Exception {
    byte[] here = PictureBytes.rgb8(decoder.decode(LATENTS, options).pixels());
    Map<String, String> metadata = new LinkedHashMap<>();
    assertThat(overGrpc(mode, metadata)).isEqualTo(here);
    HttpResponse<byte[]> http = post(mode, mode.query().contains("noise_shared") ? "" : "&seed=7");
    assertThat(http.statusCode()).isEqualTo(200);
    assertThat(http.body()).isEqualTo(here);
    for (String name : List.of("start", "region")) {
      assertThat(http.headers().firstValue("x-" + name).orElse(null)).isEqualTo(metadata.get(name));
    }
    assertThat(byInference(mode)).isEqualTo(here);
    return metadata;
  }

  private static InferParameter text(String value) {
    return InferParameter.newBuilder().setStringParam(value).build();
  }

  @Test
  void aModelMakesTheStart() throws Exception {
    Mode mode =
        new Mode(
            r -> r.getStartBuilder().setModel(PREVIEW),
            "&start=" + PREVIEW,
            List.of(),
            r -> r.putParameters("start", text(PREVIEW)));

    Map<String, String> said =
        assertSame(mode, DecodeOptions.builder().seed(7).start(Start.decodedBy(preview)).build());

    assertThat(said).containsEntry("schedule", "512").containsKey("start");
    assertThat(said.get("start")).startsWith(PREVIEW);
  }

  @Test
  void aPictureIsTheStart() throws Exception {
    Pixels start = preview.decode(LATENTS, DecodeOptions.defaults()).pixels();
    FloatBuffer values = start.values();
    byte[] bytes = TensorType.FLOAT32.toBytes(values);
    Mode mode =
        new Mode(
            r ->
                r.getStartBuilder()
                    .setPixels(
                        tensor(DataType.DATA_TYPE_FLOAT32, bytes, 1L, 3L, 8L * HEIGHT, 8L * WIDTH)),
            "",
            List.of(new TensorBytes.Named("start", bytes, new int[] {1, 3, 8 * HEIGHT, 8 * WIDTH})),
            r -> input(r, "start", "FP32", bytes, 1L, 3L, 8L * HEIGHT, 8L * WIDTH));

    Map<String, String> said =
        assertSame(mode, DecodeOptions.builder().seed(7).start(Start.given(start)).build());

    assertThat(said).containsEntry("schedule", "512").containsEntry("start", "given");
  }

  private static Mode keeping(String query, Consumer<DecodeRequest.Builder> more) {
    return new Mode(
        r -> {
          r.getKeepBuilder()
              .setPixels(tensor(DataType.DATA_TYPE_UINT8, PHOTO, 1L, 8L * HEIGHT, 8L * WIDTH, 3L))
              .setMask(tensor(DataType.DATA_TYPE_UINT8, MASK, 1L, 1L, 8L * HEIGHT, 8L * WIDTH));
          more.accept(r);
        },
        query,
        List.of(
            new TensorBytes.Named("keep", PHOTO, new int[] {1, 8 * HEIGHT, 8 * WIDTH, 3}),
            new TensorBytes.Named("mask", MASK, new int[] {1, 1, 8 * HEIGHT, 8 * WIDTH})),
        r -> {
          input(r, "keep", "UINT8", PHOTO, 1L, 8L * HEIGHT, 8L * WIDTH, 3L);
          input(r, "mask", "UINT8", MASK, 1L, 1L, 8L * HEIGHT, 8L * WIDTH);
          if (query.contains("whole")) {
            r.putParameters("region", text("whole"));
            r.putParameters("feather", InferParameter.newBuilder().setInt64Param(2).build());
            r.putParameters("grow", InferParameter.newBuilder().setInt64Param(3).build());
          }
        });
  }

  private static Mask mask() {
    boolean[] repaint = new boolean[PIXELS];
    for (int i = 0; i < PIXELS; i++) {
      repaint[i] = MASK[i] != 0;
    }
    return Mask.of(repaint, 1, 8 * HEIGHT, 8 * WIDTH);
  }

  @Test
  void knownPixelsComeBackAsTheyAreAndOnlyTheirRegionIsEvaluated() throws Exception {
    Pixels known = Pixels.ofRgb8(PHOTO, 1, 8 * HEIGHT, 8 * WIDTH);

    Map<String, String> said =
        assertSame(
            keeping("", r -> {}),
            DecodeOptions.builder().seed(7).keep(Keep.of(known, mask())).build());

    assertThat(said.get("region")).doesNotContain("none").isNotEmpty();
    byte[] answer = overGrpc(keeping("", r -> {}), new LinkedHashMap<>());
    for (int i = 0; i < PIXELS; i++) {
      for (int c = 0; c < 3 && MASK[i] == 0; c++) {
        assertThat(answer[3 * i + c]).isEqualTo(PHOTO[3 * i + c]);
      }
    }
  }

  @Test
  void theWholePictureIsEvaluatedWhereThatIsAskedFor() throws Exception {
    Pixels known = Pixels.ofRgb8(PHOTO, 1, 8 * HEIGHT, 8 * WIDTH);

    assertSame(
        keeping(
            "&region=whole&feather=2&grow=3",
            r -> r.getKeepBuilder().setWhole(true).setFeather(2).setGrow(3)),
        DecodeOptions.builder().seed(7).keep(new Keep(known, mask(), 2, 3, true)).build());
  }

  @Test
  void noiseIsShared() throws Exception {
    Mode mode =
        new Mode(
            r -> r.getNoiseBuilder().setSharedSeed(11),
            "&noise_shared=11",
            List.of(),
            r ->
                r.putParameters(
                    "noise-shared", InferParameter.newBuilder().setInt64Param(11).build()));

    assertSame(mode, DecodeOptions.builder().noise(Noise.shared(11)).build());
  }

  private static void refused(Mode mode, String... parts) throws Exception {
    assertThatThrownBy(() -> overGrpc(mode, new LinkedHashMap<>()))
        .isInstanceOf(StatusRuntimeException.class)
        .hasMessageContaining("INVALID_ARGUMENT")
        .hasMessageContainingAll(parts);
    HttpResponse<byte[]> http = post(mode, "&seed=7");
    assertThat(http.statusCode()).isEqualTo(400);
    assertThat(new String(http.body(), java.nio.charset.StandardCharsets.UTF_8)).contains(parts);
    assertThatThrownBy(() -> byInference(mode))
        .isInstanceOf(StatusRuntimeException.class)
        .hasMessageContainingAll(parts);
  }

  private static Mode starting(byte[] bytes, int height, int width) {
    return new Mode(
        r ->
            r.getStartBuilder()
                .setPixels(
                    tensor(DataType.DATA_TYPE_FLOAT32, bytes, 1L, 3L, (long) height, (long) width)),
        "",
        List.of(new TensorBytes.Named("start", bytes, new int[] {1, 3, height, width})),
        r -> input(r, "start", "FP32", bytes, 1L, 3L, (long) height, (long) width));
  }

  @Test
  void badInputIsRefusedInTheSameSentenceEverywhere() throws Exception {
    refused(starting(new byte[12 * 64], 8, 8), "the start has 8x8 pixels", "384x256");
    float[] bad = new float[3 * PIXELS];
    bad[5] = Float.NaN;
    refused(
        starting(TensorType.FLOAT32.toBytes(FloatBuffer.wrap(bad)), 8 * HEIGHT, 8 * WIDTH),
        "NaN",
        "finite");
    refused(
        new Mode(
            r -> r.getStartBuilder().setModel(Fixtures.MODEL),
            "&start=" + Fixtures.MODEL,
            List.of(),
            r -> r.putParameters("start", text(Fixtures.MODEL))),
        "a decoder of the same kind");
    refused(
        new Mode(
            r ->
                r.getKeepBuilder()
                    .setPixels(
                        tensor(DataType.DATA_TYPE_UINT8, PHOTO, 1L, 8L * HEIGHT, 8L * WIDTH, 3L)),
            "",
            List.of(new TensorBytes.Named("keep", PHOTO, new int[] {1, 8 * HEIGHT, 8 * WIDTH, 3})),
            r -> input(r, "keep", "UINT8", PHOTO, 1L, 8L * HEIGHT, 8L * WIDTH, 3L)),
        "without a mask");
    refused(
        new Mode(
            r -> {
              keeping("", x -> {}).grpc().accept(r);
              r.getKeepBuilder().setFeather(999);
            },
            "&feather=999",
            keeping("", x -> {}).tensors(),
            r -> {
              keeping("", x -> {}).infer().accept(r);
              r.putParameters("feather", InferParameter.newBuilder().setInt64Param(999).build());
            }),
        "feather is 0 to 256");
  }

  @Test
  void aStartThatIsNotLoadedIsNotFound() throws Exception {
    Mode mode =
        new Mode(
            r -> r.getStartBuilder().setModel("none"),
            "&start=none",
            List.of(),
            r -> r.putParameters("start", text("none")));
    assertThatThrownBy(() -> overGrpc(mode, new LinkedHashMap<>()))
        .hasMessageContaining("NOT_FOUND");
    assertThat(post(mode, "&seed=7").statusCode()).isEqualTo(404);
    assertThatThrownBy(() -> byInference(mode)).hasMessageContaining("NOT_FOUND");
  }

  @Test
  void knownPixelsAreNotAnsweredAsJpeg() {
    assertThatThrownBy(
            () ->
                overGrpc(
                    keeping("", r -> r.setFormat(PictureFormat.PICTURE_FORMAT_JPEG)),
                    new LinkedHashMap<>()))
        .hasMessageContaining("JPEG");
  }
}
