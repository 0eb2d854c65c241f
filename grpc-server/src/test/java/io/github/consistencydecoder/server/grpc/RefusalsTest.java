package io.github.consistencydecoder.server.grpc;

import static io.github.consistencydecoder.server.grpc.Refused.invalid;
import static io.github.consistencydecoder.server.grpc.Refused.with;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import io.github.consistencydecoder.proto.v1.BatchSize;
import io.github.consistencydecoder.proto.v1.DataType;
import io.github.consistencydecoder.proto.v1.DecodeRequest;
import io.github.consistencydecoder.proto.v1.DescribeModelRequest;
import io.github.consistencydecoder.proto.v1.EncodeRequest;
import io.github.consistencydecoder.proto.v1.GivenNoise;
import io.github.consistencydecoder.proto.v1.LatentScale;
import io.github.consistencydecoder.proto.v1.PictureFormat;
import io.github.consistencydecoder.proto.v1.Seeds;
import io.github.consistencydecoder.proto.v1.Tensor;
import io.github.consistencydecoder.proto.v1.Tiling;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.grpc.DecodeAnswers.PictureParts;
import io.github.consistencydecoder.server.grpc.Refused.DullEncoder;
import io.github.consistencydecoder.server.models.ModelSource;
import io.github.consistencydecoder.server.queue.QueuedDecodeService;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.testing.FakeDecoder;
import io.github.consistencydecoder.testing.SampleLatents;
import io.grpc.Status;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** One rule, one status, one field. */
class RefusalsTest {
  private static QueuedDecodeService service;
  private static OpenEndpoint endpoint;

  @BeforeAll
  static void open() {
    FakeDecoder.Controls controls = new FakeDecoder.Controls();
    service =
        Fixtures.builder(controls)
            .model("drawn", ModelSource.of(controls::openDecoder).withEncoder(DullEncoder::new))
            .start();
    Fixtures.awaitServing(service);
    endpoint = OpenEndpoint.over(service);
  }

  @AfterAll
  static void close() {
    endpoint.close();
    service.close();
  }

  private static DecodeRequest.Builder valid() {
    return OpenEndpoint.request(SampleLatents.scaled(1, 2, 2, 2));
  }

  private static void invalidDecode(
      String field, String part, Consumer<DecodeRequest.Builder> change) {
    DecodeRequest.Builder request = valid();
    change.accept(request);
    invalid(field, part, () -> endpoint.decoder().decode(request.build()));
    invalid(field, part, () -> endpoint.decoder().decodeStream(request.build()).hasNext());
  }

  @Test
  void latentsOfTheWrongShape() {
    invalidDecode("latents.tensor.shape", "4 dimensions", r -> r.clearLatents());
    invalidDecode(
        "latents.tensor.shape",
        "at least 1",
        r -> r.getLatentsBuilder().getTensorBuilder().setShape(0, 0));
    invalidDecode(
        "latents.tensor.shape",
        "Flux",
        r -> r.getLatentsBuilder().getTensorBuilder().setShape(1, 16));
  }

  @Test
  void latentsOfTheWrongBytes() {
    invalidDecode(
        "latents.tensor.data",
        "4 bytes were given, shape [2, 4, 2, 2] of float32 needs 128",
        r -> r.getLatentsBuilder().getTensorBuilder().setData(ByteString.copyFromUtf8("four")));
    invalidDecode(
        "latents.tensor.data_type",
        "missing",
        r -> r.getLatentsBuilder().getTensorBuilder().clearDataType());
    invalidDecode(
        "latents.tensor.data_type",
        "missing",
        r -> r.getLatentsBuilder().getTensorBuilder().setDataTypeValue(99));
    invalidDecode(
        "latents.tensor.data_type",
        "not uint8",
        r ->
            r.getLatentsBuilder()
                .getTensorBuilder()
                .setDataType(DataType.DATA_TYPE_UINT8)
                .setData(ByteString.copyFrom(new byte[32])));
    byte[] nan = new byte[128];
    nan[126] = (byte) 0xc0;
    nan[127] = 0x7f;
    invalidDecode(
        "latents.tensor.data",
        "[1, 3, 1, 1]",
        r -> r.getLatentsBuilder().getTensorBuilder().setData(ByteString.copyFrom(nan)));
  }

  @Test
  void latentsOfAnUnknownScale() {
    invalidDecode("latents.scale", "has to be said", r -> r.getLatentsBuilder().clearScale());
    invalidDecode(
        "latents.scaling_factor", "SDXL", r -> r.getLatentsBuilder().setScalingFactor(0.13025));
  }

  @Test
  void noiseThatDoesNotFit() {
    invalidDecode("noise.seeds", "no seed", r -> r.getNoiseBuilder().setSeeds(Seeds.newBuilder()));
    invalidDecode(
        "noise.seeds",
        "1 seed was given for 2",
        r -> r.getNoiseBuilder().setSeeds(Seeds.newBuilder().addValues(1)));
    invalidDecode(
        "noise.given.steps",
        "noise for 0 steps",
        r -> r.getNoiseBuilder().setGiven(GivenNoise.getDefaultInstance()));
    Tensor.Builder step =
        Tensor.newBuilder()
            .setDataType(DataType.DATA_TYPE_FLOAT16)
            .addAllShape(List.of(1L, 1L))
            .setData(ByteString.copyFrom(new byte[2]));
    invalidDecode(
        "noise.given.steps[0].shape",
        "need [2, 3, 16, 16]",
        r -> r.getNoiseBuilder().setGiven(GivenNoise.newBuilder().addSteps(step).addSteps(step)));
    invalidDecode(
        "noise.given.steps[1].data",
        "2 bytes were given",
        r ->
            r.getNoiseBuilder()
                .setGiven(
                    GivenNoise.newBuilder()
                        .addSteps(step)
                        .addSteps(step.clone().clearShape().addShape(7))));
  }

  @Test
  void optionsThatAreNone() {
    invalidDecode("timesteps", "none above the one before", r -> r.addTimesteps(5).addTimesteps(6));
    invalidDecode("timesteps", "timesteps of 1 to 1023", r -> r.addTimesteps(-5));
    invalidDecode("dialect", "unknown", r -> r.setDialectValue(9));
    invalidDecode("format", "unknown", r -> r.setFormatValue(9));
    invalidDecode("priority", "unknown", r -> r.setPriorityValue(9));
    invalidDecode("tiling", "WHOLE, EXACT and OVERLAPPED", r -> r.setTilingValue(9));
  }

  @Test
  void rowsThatFitNoPart() {
    DecodeSize size = new DecodeSize(1, 1, 65_536, 2);
    ServiceException e =
        catchThrowableOfType(
            ServiceException.class,
            () -> PictureParts.check(size, PictureFormat.PICTURE_FORMAT_UINT8));
    assertThat(e.field()).contains("format");
    assertThat(e.getMessage()).contains("a row has 1572864 bytes");
    assertThatCode(() -> PictureParts.check(size, PictureFormat.PICTURE_FORMAT_PNG))
        .doesNotThrowAnyException();
  }

  @Test
  void sidesThatNoJpegHas() {
    invalidDecode(
        "format",
        "65536 pixels",
        r ->
            r.setLatents(OpenEndpoint.request(SampleLatents.scaled(1, 1, 1, 8_192)).getLatents())
                .setFormat(PictureFormat.PICTURE_FORMAT_JPEG));
  }

  @Test
  void picturesThatAreTooLarge() {
    DecodeRequest pixels = OpenEndpoint.request(SampleLatents.scaled(1, 1, 129, 128)).build();
    with(
        Status.Code.INVALID_ARGUMENT,
        "TOO_LARGE",
        "needs 1056768 pixels, the limit is 1048576",
        () -> endpoint.decoder().decode(pixels));
    DecodeRequest batch = OpenEndpoint.request(SampleLatents.scaled(1, 9, 1, 1)).build();
    with(
        Status.Code.INVALID_ARGUMENT,
        "TOO_LARGE",
        "9 pictures, the limit is 8",
        () -> endpoint.decoder().decode(batch));
  }

  @Test
  void modelsThatAreNotThere() {
    with(
        Status.Code.NOT_FOUND,
        "NOT_FOUND",
        "there is no model of that name",
        () -> endpoint.decoder().decode(valid().setModel("sdxl").build()));
    with(
        Status.Code.NOT_FOUND,
        "NOT_FOUND",
        "there is no model of that name",
        () ->
            endpoint
                .decoder()
                .describeModel(DescribeModelRequest.newBuilder().setModel("sdxl").build()));
  }

  @Test
  void estimatesOfNothing() {
    invalid(
        "batch",
        "one is 0",
        () ->
            endpoint
                .decoder()
                .describeModel(
                    DescribeModelRequest.newBuilder()
                        .setBatch(BatchSize.newBuilder().setCount(1).setHeight(1))
                        .build()));
  }

  @Test
  void estimatesOfEncodingsThatCannotBe() {
    BatchSize.Builder size = BatchSize.newBuilder().setCount(1).setHeight(1).setWidth(1);
    invalid("encode_batch", "neither steps nor tiling", () -> encodeEstimate(size.setSteps(1)));
    size.clearSteps().setTiling(Tiling.TILING_WHOLE);
    invalid("encode_batch", "neither steps nor tiling", () -> encodeEstimate(size));
    size.clearTiling().setWidth(-1);
    invalid("encode_batch", "one is -1", () -> encodeEstimate(size));
  }

  private static void encodeEstimate(BatchSize.Builder size) {
    var unused =
        endpoint
            .decoder()
            .describeModel(DescribeModelRequest.newBuilder().setEncodeBatch(size).build());
  }

  private static EncodeRequest.Builder encode() {
    return EncodeRequest.newBuilder()
        .setScale(LatentScale.LATENT_SCALE_SCALED)
        .setTensor(
            Tensor.newBuilder()
                .setDataType(DataType.DATA_TYPE_UINT8)
                .addAllShape(List.of(1L, 8L, 16L, 3L))
                .setData(ByteString.copyFrom(new byte[384])));
  }

  private static void invalidEncode(
      String field, String part, Consumer<EncodeRequest.Builder> change) {
    EncodeRequest.Builder request = encode();
    change.accept(request);
    invalid(field, part, () -> endpoint.decoder().encode(request.build()));
  }

  @Test
  void picturesThatCannotBeEncoded() {
    invalidEncode("scale", "has to be said", r -> r.clearScale());
    invalidEncode("data_type", "not UINT8", r -> r.setDataType(DataType.DATA_TYPE_UINT8));
    invalidEncode("pictures", "neither", r -> r.clearPictures());
    invalidEncode("tensor.shape", "16x7", r -> r.getTensorBuilder().setShape(1, 7));
    invalidEncode("tensor.data", "bytes", r -> r.getTensorBuilder().setData(ByteString.EMPTY));
    invalidEncode(
        "file", "PNG and JPEG are read", r -> r.setFile(ByteString.copyFromUtf8("GIF89a")));
    invalidEncode("priority", "unknown", r -> r.setPriorityValue(7));
    with(
        Status.Code.INVALID_ARGUMENT,
        "TOO_LARGE",
        "the limit is 1048576",
        () ->
            endpoint
                .decoder()
                .encode(
                    encode()
                        .setTensor(encode().getTensorBuilder().setShape(1, 1024).setShape(2, 1032))
                        .build()));
  }

  @Test
  void modelsThatDoNotEncode() {
    with(
        Status.Code.UNIMPLEMENTED,
        "UNIMPLEMENTED",
        "has no encoder",
        () -> endpoint.decoder().encode(encode().setModel(Fixtures.MODEL).build()));
    with(
        Status.Code.UNIMPLEMENTED,
        "UNIMPLEMENTED",
        "has no encoder",
        () -> encodeEstimate(BatchSize.newBuilder().setCount(1).setHeight(1).setWidth(1)));
  }
}
