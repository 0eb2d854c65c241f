package io.github.consistencydecoder.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.github.consistencydecoder.proto.inference.GRPCInferenceServiceGrpc;
import io.github.consistencydecoder.proto.inference.InferParameter;
import io.github.consistencydecoder.proto.inference.ModelInferRequest;
import io.github.consistencydecoder.proto.inference.ModelInferRequest.InferInputTensor;
import io.github.consistencydecoder.proto.v1.DataType;
import io.github.consistencydecoder.proto.v1.DecodeRequest;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.github.consistencydecoder.proto.v1.DescribeModelRequest;
import io.github.consistencydecoder.proto.v1.EncodeRequest;
import io.github.consistencydecoder.proto.v1.GivenNoise;
import io.github.consistencydecoder.proto.v1.Tensor;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.request.TensorType;
import io.github.consistencydecoder.testing.SampleLatents;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.ClientCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** Sends valid messages with damage, and looks at what comes back. */
final class Mutations {
  private static final Set<Status.Code> TOLERABLE =
      EnumSet.of(
          Status.Code.OK,
          Status.Code.INVALID_ARGUMENT,
          Status.Code.NOT_FOUND,
          Status.Code.RESOURCE_EXHAUSTED,
          Status.Code.UNIMPLEMENTED,
          Status.Code.OUT_OF_RANGE,
          // of a mutated time-out, which is the caller's own
          Status.Code.DEADLINE_EXCEEDED);

  private static final Marshaller<byte[]> BYTES =
      new Marshaller<>() {
        @Override
        public InputStream stream(byte[] value) {
          return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
          try {
            return stream.readAllBytes();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }
      };

  private record Seed(MethodDescriptor<?, ?> method, byte[] message) {}

  private Mutations() {}

  private static List<Seed> seeds() {
    DecodeRequest decode =
        OpenEndpoint.request(SampleLatents.scaled(1, 1, 2, 2)).setModel(Fixtures.MODEL).build();
    byte[] noise = new byte[4 * 3 * 16 * 16];
    Tensor.Builder step =
        Tensor.newBuilder()
            .setDataType(DataType.DATA_TYPE_FLOAT32)
            .addAllShape(List.of(1L, 3L, 16L, 16L))
            .setData(ByteString.copyFrom(noise));
    DecodeRequest.Builder given = decode.toBuilder();
    given.getNoiseBuilder().setGiven(GivenNoise.newBuilder().addSteps(step).addSteps(step));
    ModelInferRequest infer =
        ModelInferRequest.newBuilder()
            .setModelName(Fixtures.MODEL)
            .putParameters("seed", InferParameter.newBuilder().setInt64Param(5).build())
            .putParameters("timeout", InferParameter.newBuilder().setInt64Param(9_000_000).build())
            .putParameters(
                "dialect", InferParameter.newBuilder().setStringParam("original").build())
            .addInputs(
                InferInputTensor.newBuilder()
                    .setName("latent_sample")
                    .setDatatype("FP32")
                    .addAllShape(List.of(1L, 4L, 2L, 2L)))
            .addRawInputContents(
                ByteString.copyFrom(
                    TensorType.FLOAT32.toBytes(SampleLatents.scaled(1, 1, 2, 2).values())))
            .build();
    EncodeRequest encode =
        EncodeRequest.newBuilder().setFile(ByteString.copyFromUtf8("GIF")).setModel("x").build();
    DescribeModelRequest describe =
        DescribeModelRequest.newBuilder().setModel(Fixtures.MODEL).build();
    return List.of(
        new Seed(DecoderServiceGrpc.getDecodeMethod(), decode.toByteArray()),
        new Seed(DecoderServiceGrpc.getDecodeMethod(), given.build().toByteArray()),
        new Seed(GRPCInferenceServiceGrpc.getModelInferMethod(), infer.toByteArray()),
        new Seed(DecoderServiceGrpc.getEncodeMethod(), encode.toByteArray()),
        new Seed(DecoderServiceGrpc.getDescribeModelMethod(), describe.toByteArray()),
        new Seed(HealthGrpc.getCheckMethod(), new byte[] {10, 1, 'x'}));
  }

  static Map<Status.Code, Integer> run(OpenEndpoint endpoint, int count, long seed) {
    Channel channel = endpoint.tcp();
    Random random = new Random(seed);
    List<Seed> seeds = seeds();
    Map<Status.Code, Integer> outcomes = new EnumMap<>(Status.Code.class);
    for (int i = 0; i < count; i++) {
      Seed valid = seeds.get(random.nextInt(seeds.size()));
      byte[] message = mutated(valid.message(), random);
      Status status = call(channel, valid.method(), message);
      String said = String.valueOf(status.getDescription());
      assertThat(status.getCode()).as("message %s of seed %s: %s", i, seed, said).isIn(TOLERABLE);
      assertThat(said)
          .doesNotContain("Exception", "io.g", "java.", "com.", "/work", "/tmp", "/home");
      outcomes.merge(status.getCode(), 1, Integer::sum);
    }
    assertThat(outcomes).containsKeys(Status.Code.OK, Status.Code.INVALID_ARGUMENT);
    return outcomes;
  }

  private static Status call(Channel channel, MethodDescriptor<?, ?> method, byte[] message) {
    MethodDescriptor<byte[], byte[]> raw = method.toBuilder(BYTES, BYTES).build();
    try {
      byte[] unused = ClientCalls.blockingUnaryCall(channel, raw, CallOptions.DEFAULT, message);
      return Status.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus();
    }
  }

  private static byte[] mutated(byte[] valid, Random random) {
    byte[] out = valid.clone();
    int changes = 1 + random.nextInt(4);
    for (int c = 0; c < changes && out.length > 0; c++) {
      // most of a message is tensor: look at its head more often
      int at = random.nextInt(random.nextBoolean() ? Math.min(out.length, 80) : out.length);
      switch (random.nextInt(6)) {
        case 0 -> out[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> out[at] = (byte) random.nextInt();
        case 2 -> out = Arrays.copyOf(out, at);
        case 3 -> out = Arrays.copyOf(out, out.length + 1 + random.nextInt(20));
        case 4 -> {
          byte[] shorter = new byte[out.length - 1];
          System.arraycopy(out, 0, shorter, 0, at);
          System.arraycopy(out, at + 1, shorter, at, shorter.length - at);
          out = shorter;
        }
        default -> {
          int n = Math.min(8, out.length - at);
          Arrays.fill(out, at, at + n, (byte) 0xff);
        }
      }
    }
    return out;
  }
}
