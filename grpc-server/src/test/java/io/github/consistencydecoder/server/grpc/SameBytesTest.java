package io.github.consistencydecoder.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.plugin.Schedule;
import io.github.consistencydecoder.proto.inference.InferParameter;
import io.github.consistencydecoder.proto.inference.InferTensorContents;
import io.github.consistencydecoder.proto.inference.ModelInferRequest;
import io.github.consistencydecoder.proto.inference.ModelInferRequest.InferInputTensor;
import io.github.consistencydecoder.proto.inference.ModelInferRequest.InferRequestedOutputTensor;
import io.github.consistencydecoder.proto.inference.ModelInferResponse;
import io.github.consistencydecoder.proto.v1.DataType;
import io.github.consistencydecoder.proto.v1.DecodeRequest;
import io.github.consistencydecoder.proto.v1.DecodeResponse;
import io.github.consistencydecoder.proto.v1.DecodeStreamResponse;
import io.github.consistencydecoder.proto.v1.DecodeStreamResponse.EventCase;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.github.consistencydecoder.proto.v1.Dialect;
import io.github.consistencydecoder.proto.v1.GivenNoise;
import io.github.consistencydecoder.proto.v1.PictureFormat;
import io.github.consistencydecoder.proto.v1.Seeds;
import io.github.consistencydecoder.proto.v1.Tensor;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.models.ModelSource;
import io.github.consistencydecoder.server.queue.QueuedDecodeService;
import io.github.consistencydecoder.server.request.PictureBytes;
import io.github.consistencydecoder.server.request.TensorType;
import io.github.consistencydecoder.testing.SampleLatents;
import io.grpc.Channel;
import java.io.ByteArrayOutputStream;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The bundled model gives the same bytes on every way through the endpoint as in this process. */
class SameBytesTest {
  private static final Latents LATENTS = SampleLatents.scaled(5, 2, 6, 10);

  @TempDir static Path folder;
  private static QueuedDecodeService service;
  private static LatentDecoder decoder;
  private static OpenEndpoint endpoint;

  @BeforeAll
  static void open() {
    DecoderConfig config = DecoderConfig.empty().with(DecoderConfig.DEVICE, "cpu");
    decoder = Decoders.open("consistency", config);
    service =
        QueuedDecodeService.builder()
            .model(Fixtures.MODEL, ModelSource.of("consistency", config))
            .limits(Fixtures.limits())
            .start();
    Fixtures.awaitServing(service);
    endpoint =
        OpenEndpoint.over(service, b -> b.socket(folder.resolve("own").resolve("grpc.sock")));
  }

  @AfterAll
  static void close() {
    endpoint.close();
    service.close();
    decoder.close();
  }

  private static Pixels here(DecodeOptions options) {
    return decoder.decode(LATENTS, options).pixels();
  }

  private static DecodeRequest request(PictureFormat format) {
    DecodeRequest.Builder request = OpenEndpoint.request(LATENTS).setFormat(format);
    request.getNoiseBuilder().setSeed(77);
    return request.build();
  }

  /** As the answer's bytes, files one after the other. */
  private static byte[] expected(Pixels pixels, PictureFormat format) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int k = 0; k < pixels.batch(); k++) {
      out.writeBytes(
          switch (format) {
            case PICTURE_FORMAT_FLOAT32 ->
                PictureBytes.planeRows(pixels, k, 0, 0, 3 * pixels.height(), TensorType.FLOAT32);
            case PICTURE_FORMAT_FLOAT16 ->
                PictureBytes.planeRows(pixels, k, 0, 0, 3 * pixels.height(), TensorType.FLOAT16);
            case PICTURE_FORMAT_PNG -> PictureBytes.png(pixels, k);
            case PICTURE_FORMAT_JPEG -> PictureBytes.jpeg(pixels, k);
            case PICTURE_FORMAT_UNSPECIFIED, PICTURE_FORMAT_UINT8, UNRECOGNIZED ->
                pixels.rgb8(k, Pixels.Rounding.NEAREST);
          });
    }
    return out.toByteArray();
  }

  private static byte[] unary(Channel channel, DecodeRequest request) {
    DecodeResponse answer = DecoderServiceGrpc.newBlockingStub(channel).decode(request);
    assertThat(answer.getReport().getModel()).isEqualTo(Fixtures.MODEL);
    assertThat(answer.getReport().getModelDigest()).startsWith("sha256:");
    assertThat(answer.getReport().getStepNanosCount()).isEqualTo(2);
    if (answer.getPictures().hasTensor()) {
      return answer.getPictures().getTensor().getData().toByteArray();
    }
    return ByteString.copyFrom(answer.getPictures().getFiles().getValuesList()).toByteArray();
  }

  private static byte[] streamed(Channel channel, DecodeRequest request) {
    Iterator<DecodeStreamResponse> events =
        DecoderServiceGrpc.newBlockingStub(channel).decodeStream(request);
    List<EventCase> kinds = new ArrayList<>();
    Map<Integer, ByteArrayOutputStream> pictures = new TreeMap<>();
    while (events.hasNext()) {
      DecodeStreamResponse event = events.next();
      kinds.add(event.getEventCase());
      if (event.hasPart()) {
        ByteArrayOutputStream picture =
            pictures.computeIfAbsent(
                event.getPart().getPicture(), k -> new ByteArrayOutputStream());
        assertThat(event.getPart().getOffset()).isEqualTo(picture.size());
        assertThat(event.getPart().getData().size()).isBetween(1, 1 << 20);
        picture.writeBytes(event.getPart().getData().toByteArray());
      }
      if (event.hasHeader()) {
        assertThat(event.getHeader().getSizesCount()).isEqualTo(2);
      }
    }
    assertThat(kinds.subList(0, 6))
        .containsExactly(
            EventCase.ACCEPTED,
            EventCase.STEP_STARTED,
            EventCase.STEP_FINISHED,
            EventCase.STEP_STARTED,
            EventCase.STEP_FINISHED,
            EventCase.HEADER);
    assertThat(kinds.get(kinds.size() - 1)).isEqualTo(EventCase.DONE);
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    pictures.values().forEach(p -> all.writeBytes(p.toByteArray()));
    return all.toByteArray();
  }

  @ParameterizedTest
  @EnumSource(value = PictureFormat.class, mode = EnumSource.Mode.EXCLUDE, names = "UNRECOGNIZED")
  void unaryAndStreamGiveTheBytesOfThisProcessOverTcpAndTheSocket(PictureFormat format) {
    byte[] expected = expected(here(DecodeOptions.builder().seed(77).build()), format);
    assertThat(unary(endpoint.tcp(), request(format))).isEqualTo(expected);
    assertThat(unary(endpoint.unix(), request(format))).isEqualTo(expected);
    assertThat(streamed(endpoint.tcp(), request(format))).isEqualTo(expected);
    assertThat(streamed(endpoint.unix(), request(format))).isEqualTo(expected);
  }

  @Test
  void everyOptionArrives() {
    DecodeOptions options =
        DecodeOptions.builder()
            .noise(Noise.seededPerImage(List.of(3L, -4L)))
            .schedule(Schedule.of(900, 300, 16))
            .clamp(ClampMode.NONE)
            .build();
    DecodeRequest.Builder request =
        OpenEndpoint.request(LATENTS)
            .setFormat(PictureFormat.PICTURE_FORMAT_FLOAT32)
            .setDialect(Dialect.DIALECT_DIFFUSERS)
            .addAllTimesteps(List.of(900, 300, 16));
    request.getNoiseBuilder().setSeeds(Seeds.newBuilder().addValues(3).addValues(-4));
    DecodeResponse answer = endpoint.decoder().decode(request.build());
    assertThat(answer.getPictures().getTensor().getShapeList()).containsExactly(2L, 3L, 48L, 80L);
    assertThat(answer.getPictures().getTensor().getData().toByteArray())
        .isEqualTo(expected(here(options), PictureFormat.PICTURE_FORMAT_FLOAT32));
    assertThat(answer.getReport().getMetadataMap()).containsEntry("schedule", "900,300,16");
  }

  private static List<float[]> noise() {
    List<float[]> steps = new ArrayList<>();
    for (int k = 0; k < 2; k++) {
      float[] values = new float[2 * 3 * 48 * 80];
      for (int i = 0; i < values.length; i++) {
        // exact in half precision
        values[i] = ((i * 37 + k) % 64 - 32) / 16f;
      }
      steps.add(values);
    }
    return steps;
  }

  @Test
  void givenNoiseArrivesInBothTypes() {
    Pixels here = here(DecodeOptions.builder().noise(noise()).build());
    for (TensorType type : List.of(TensorType.FLOAT32, TensorType.FLOAT16)) {
      GivenNoise.Builder given = GivenNoise.newBuilder();
      for (float[] step : noise()) {
        given.addSteps(
            Tensor.newBuilder()
                .setDataType(
                    type == TensorType.FLOAT32
                        ? DataType.DATA_TYPE_FLOAT32
                        : DataType.DATA_TYPE_FLOAT16)
                .addAllShape(List.of(2L, 3L, 48L, 80L))
                .setData(UnsafeByteOperations.unsafeWrap(type.toBytes(FloatBuffer.wrap(step)))));
      }
      DecodeRequest.Builder request = OpenEndpoint.request(LATENTS);
      request.getNoiseBuilder().setGiven(given);
      assertThat(endpoint.decoder().decode(request.build()).getPictures().getTensor().getData())
          .isEqualTo(ByteString.copyFrom(PictureBytes.rgb8(here)));
    }
  }

  private static ModelInferRequest.Builder infer(String datatype) {
    return ModelInferRequest.newBuilder()
        .setModelName(Fixtures.MODEL)
        .setId("mine")
        .putParameters("seed", InferParameter.newBuilder().setInt64Param(77).build())
        .putParameters(
            "scaling_factor", InferParameter.newBuilder().setDoubleParam(0.18215).build())
        .addInputs(
            InferInputTensor.newBuilder()
                .setName("latent_sample")
                .setDatatype(datatype)
                .addAllShape(List.of(2L, 4L, 6L, 10L)));
  }

  @Test
  void openInferenceGivesTheSameBytes() {
    Pixels here = here(DecodeOptions.builder().seed(77).build());
    ModelInferRequest request =
        infer("FP32")
            .addRawInputContents(ByteString.copyFrom(TensorType.FLOAT32.toBytes(LATENTS.values())))
            .build();
    ModelInferResponse image = endpoint.inference().modelInfer(request);
    assertThat(image.getId()).isEqualTo("mine");
    assertThat(image.getOutputs(0).getName()).isEqualTo("image");
    assertThat(image.getOutputs(0).getDatatype()).isEqualTo("UINT8");
    assertThat(image.getOutputs(0).getShapeList()).containsExactly(2L, 48L, 80L, 3L);
    assertThat(image.getRawOutputContentsList())
        .containsExactly(ByteString.copyFrom(PictureBytes.rgb8(here)));
    assertThat(image.getParametersMap().get("seed").getInt64Param()).isEqualTo(77);
    assertThat(image.getParametersMap().get("dialect").getStringParam()).isEqualTo("original");
    ModelInferResponse both =
        endpoint
            .inference()
            .modelInfer(
                request.toBuilder()
                    .addOutputs(InferRequestedOutputTensor.newBuilder().setName("sample"))
                    .addOutputs(InferRequestedOutputTensor.newBuilder().setName("image"))
                    .build());
    assertThat(both.getOutputs(0).getDatatype()).isEqualTo("FP32");
    assertThat(both.getRawOutputContentsList())
        .containsExactly(
            ByteString.copyFrom(PictureBytes.planes(here, TensorType.FLOAT32)),
            ByteString.copyFrom(PictureBytes.rgb8(here)));
  }

  @Test
  void openInferenceAnswersTypedContentsWithTypedContents() {
    Pixels here = here(DecodeOptions.builder().seed(77).build());
    ModelInferRequest.Builder request = infer("FP32");
    InferTensorContents.Builder contents = InferTensorContents.newBuilder();
    FloatBuffer values = LATENTS.values();
    while (values.hasRemaining()) {
      contents.addFp32Contents(values.get());
    }
    request.getInputsBuilder(0).setContents(contents);
    request.addOutputs(InferRequestedOutputTensor.newBuilder().setName("sample"));
    request.addOutputs(InferRequestedOutputTensor.newBuilder().setName("image"));
    ModelInferResponse answer = endpoint.inference().modelInfer(request.build());
    assertThat(answer.getRawOutputContentsCount()).isZero();
    assertThat(answer.getOutputs(0).getContents().getFp32Contents(11))
        .isEqualTo(here.values().get(11));
    assertThat(answer.getOutputs(1).getContents().getUintContentsCount())
        .isEqualTo(2 * 48 * 80 * 3);
    assertThat(answer.getOutputs(1).getContents().getUintContents(5))
        .isEqualTo(PictureBytes.rgb8(here)[5] & 0xff);
  }

  @Test
  void openInferenceTakesAndGivesBfloat16() {
    ByteString half = ByteString.copyFrom(TensorType.BFLOAT16.toBytes(LATENTS.values()));
    Latents rounded =
        Latents.scaled(TensorType.BFLOAT16.floats(half.asReadOnlyByteBuffer()), 2, 4, 6, 10);
    Pixels here = decoder.decode(rounded, DecodeOptions.builder().seed(77).build()).pixels();
    ModelInferResponse answer =
        endpoint
            .inference()
            .modelInfer(
                infer("BF16")
                    .addRawInputContents(half)
                    .addOutputs(InferRequestedOutputTensor.newBuilder().setName("sample"))
                    .build());
    assertThat(answer.getOutputs(0).getDatatype()).isEqualTo("BF16");
    assertThat(answer.getRawOutputContents(0))
        .isEqualTo(ByteString.copyFrom(PictureBytes.planes(here, TensorType.BFLOAT16)));
  }
}
