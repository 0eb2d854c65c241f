package io.github.consistencydecoder.server.grpc;

import static io.github.consistencydecoder.server.grpc.Refused.invalid;
import static io.github.consistencydecoder.server.grpc.Refused.with;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.github.consistencydecoder.proto.inference.InferParameter;
import io.github.consistencydecoder.proto.inference.InferTensorContents;
import io.github.consistencydecoder.proto.inference.ModelInferRequest;
import io.github.consistencydecoder.proto.inference.ModelInferRequest.InferInputTensor;
import io.github.consistencydecoder.proto.inference.ModelInferRequest.InferRequestedOutputTensor;
import io.github.consistencydecoder.proto.inference.ModelInferResponse;
import io.github.consistencydecoder.proto.inference.ModelMetadataRequest;
import io.github.consistencydecoder.proto.inference.ModelMetadataResponse;
import io.github.consistencydecoder.proto.inference.ModelReadyRequest;
import io.github.consistencydecoder.proto.inference.RepositoryIndexRequest;
import io.github.consistencydecoder.proto.inference.ServerLiveRequest;
import io.github.consistencydecoder.proto.inference.ServerMetadataRequest;
import io.github.consistencydecoder.proto.inference.ServerReadyRequest;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.queue.QueuedDecodeService;
import io.github.consistencydecoder.testing.FakeDecoder;
import io.grpc.Status;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The Open Inference Protocol: what it tells, and one status and field for one rule. */
class InferRefusalsTest {
  private static QueuedDecodeService service;
  private static OpenEndpoint endpoint;

  @BeforeAll
  static void open() {
    service = Fixtures.service(new FakeDecoder.Controls());
    endpoint = OpenEndpoint.over(service, b -> b.version("7.1"));
  }

  @AfterAll
  static void close() {
    endpoint.close();
    service.close();
  }

  private static InferInputTensor.Builder input(String name, String type, Long... shape) {
    return InferInputTensor.newBuilder()
        .setName(name)
        .setDatatype(type)
        .addAllShape(List.of(shape));
  }

  private static ModelInferRequest.Builder valid() {
    return ModelInferRequest.newBuilder()
        .setModelName(Fixtures.MODEL)
        .addInputs(input("latent_sample", "FP16", 1L, 4L, 1L, 2L))
        .addRawInputContents(ByteString.copyFrom(new byte[16]));
  }

  private static InferParameter number(long value) {
    return InferParameter.newBuilder().setInt64Param(value).build();
  }

  private static InferParameter text(String value) {
    return InferParameter.newBuilder().setStringParam(value).build();
  }

  private static ModelInferResponse infer(ModelInferRequest.Builder request) {
    return endpoint.inference().modelInfer(request.build());
  }

  private static void refused(
      String field, String part, Consumer<ModelInferRequest.Builder> change) {
    ModelInferRequest.Builder request = valid();
    change.accept(request);
    invalid(field, part, () -> infer(request));
  }

  @Test
  void inputsMustHaveKnownNames() {
    refused("inputs[0].name", "no such input", r -> r.getInputsBuilder(0).setName("x"));
    refused("inputs", "latent_sample is missing", r -> r.clearInputs());
    refused("inputs[1].name", "given twice", r -> r.addInputs(r.getInputs(0)));
    refused("inputs", "at most 6", r -> r.addAllInputs(Collections.nCopies(6, r.getInputs(0))));
  }

  @Test
  void contentsAreRawOrTypedAndOneForEachInput() {
    refused(
        "inputs[0].contents",
        "one of the two",
        r -> r.getInputsBuilder(0).setContents(InferTensorContents.getDefaultInstance()));
    refused(
        "raw_input_contents",
        "2 raw contents were given for 1 inputs",
        r -> r.addRawInputContents(ByteString.EMPTY));
    refused(
        "inputs[0].contents",
        "FP16 exists in raw_input_contents only",
        r -> r.clearRawInputContents());
    refused(
        "inputs[0].contents",
        "fp32_contents",
        r ->
            r.clearRawInputContents()
                .getInputsBuilder(0)
                .setDatatype("FP32")
                .setContents(InferTensorContents.newBuilder().addFp64Contents(1)));
    refused(
        "inputs[0].contents",
        "4 bytes were given",
        r ->
            r.clearRawInputContents()
                .getInputsBuilder(0)
                .setDatatype("FP32")
                .setContents(InferTensorContents.newBuilder().addFp32Contents(1)));
  }

  @Test
  void tensorsMustFit() {
    refused(
        "inputs[0].datatype", "FP32, FP16 or BF16", r -> r.getInputsBuilder(0).setDatatype("INT8"));
    refused(
        "inputs[0].datatype",
        "FP32, FP16 or BF16",
        r -> r.getInputsBuilder(0).setDatatype("UINT8"));
    refused("inputs[0].shape", "4 channels", r -> r.getInputsBuilder(0).setShape(1, 5));
    refused("raw_input_contents[0]", "needs 32", r -> r.getInputsBuilder(0).setShape(0, 2));
  }

  @Test
  void noiseMustBeWhole() {
    ByteString step = ByteString.copyFrom(new byte[4 * 3 * 8 * 16]);
    refused(
        "inputs",
        "noise1 was given without noise0",
        r -> r.addInputs(input("noise1", "FP32", 1L, 3L, 8L, 16L)).addRawInputContents(step));
    refused(
        "inputs",
        "noise for 1 steps",
        r -> r.addInputs(input("noise0", "FP32", 1L, 3L, 8L, 16L)).addRawInputContents(step));
    ModelInferResponse answer =
        infer(
            valid()
                .addInputs(input("noise0", "FP32", 1L, 3L, 8L, 16L))
                .addRawInputContents(step)
                .putParameters("steps", number(1)));
    assertThat(answer.getParametersOrThrow("seed").getStringParam()).isEqualTo("given");
  }

  @Test
  void parametersHaveTheirTypes() {
    refused("parameters", "unknown parameter", r -> r.putParameters("seeed", number(1)));
    refused("parameters[seed]", "whole number", r -> r.putParameters("seed", text("x")));
    refused("parameters[seed]", "2 seeds", r -> r.putParameters("seed", text("1,2")));
    refused("parameters[steps]", "1 to 64", r -> r.putParameters("steps", number(65)));
    refused("parameters[steps]", "whole number", r -> r.putParameters("steps", text("2")));
    refused("parameters[tiling]", "overlapped", r -> r.putParameters("tiling", text("bands")));
    refused("parameters[tiling]", "a text", r -> r.putParameters("tiling", number(512)));
    refused("parameters[timeout]", "not negative", r -> r.putParameters("timeout", number(-1)));
    refused("parameters[priority]", "not negative", r -> r.putParameters("priority", number(-1)));
    refused("parameters[dialect]", "original", r -> r.putParameters("dialect", text("klingon")));
    refused("parameters[dialect]", "a text", r -> r.putParameters("dialect", number(1)));
    refused(
        "parameters[scaling_factor]",
        "floating-point",
        r -> r.putParameters("scaling_factor", number(1)));
    refused(
        "parameters[scaling_factor]",
        "SDXL",
        r ->
            r.putParameters(
                "scaling_factor", InferParameter.newBuilder().setDoubleParam(0.13025).build()));
    refused(
        "parameters[timeout]",
        "below 2^63",
        r -> r.putParameters("timeout", InferParameter.newBuilder().setUint64Param(-5).build()));
  }

  @Test
  void parametersOfTritonAreTaken() {
    ModelInferResponse answer =
        infer(
            valid()
                .putParameters("priority", InferParameter.newBuilder().setUint64Param(3).build())
                .putParameters("timeout", number(9_000_000))
                .putParameters("triton_enable_empty_final_response", number(1))
                .putParameters("tiling", text("exact"))
                .putParameters("seed", text("-9"))
                .putParameters("dialect", text("diffusers")));
    assertThat(answer.getParametersOrThrow("seed").getInt64Param()).isEqualTo(-9);
    assertThat(answer.getParametersOrThrow("dialect").getStringParam()).isEqualTo("diffusers");
    assertThat(answer.getModelVersion()).isEqualTo("1");
  }

  @Test
  void timeoutOfARequestIsADeadline() {
    with(
        Status.Code.DEADLINE_EXCEEDED,
        "DEADLINE",
        "",
        () -> infer(valid().putParameters("timeout", number(1))));
  }

  @Test
  void outputsMustHaveKnownNamesAndTypes() {
    refused(
        "outputs[0].name",
        "image and sample",
        r -> r.addOutputs(InferRequestedOutputTensor.newBuilder().setName("mask")));
    refused(
        "outputs[1].name",
        "asked for twice",
        r ->
            r.addOutputs(InferRequestedOutputTensor.newBuilder().setName("image"))
                .addOutputs(InferRequestedOutputTensor.newBuilder().setName("image")));
    refused(
        "outputs[0].parameters[datatype]",
        "image is UINT8",
        r ->
            r.addOutputs(
                InferRequestedOutputTensor.newBuilder()
                    .setName("image")
                    .putParameters("datatype", text("FP32"))));
    refused(
        "outputs[0].parameters",
        "the only one",
        r ->
            r.addOutputs(
                InferRequestedOutputTensor.newBuilder()
                    .setName("image")
                    .putParameters("classification", number(3))));
    ModelInferResponse answer =
        infer(
            valid()
                .addOutputs(
                    InferRequestedOutputTensor.newBuilder()
                        .setName("sample")
                        .putParameters("datatype", text("FP32"))));
    assertThat(answer.getOutputs(0).getDatatype()).isEqualTo("FP32");
    assertThat(answer.getRawOutputContents(0).size()).isEqualTo(4 * 3 * 8 * 16);
  }

  @Test
  void modelsAndVersionsMustExist() {
    with(
        Status.Code.NOT_FOUND,
        "NOT_FOUND",
        "there is no model of that name",
        () -> infer(valid().setModelName("x")));
    with(
        Status.Code.NOT_FOUND,
        "NOT_FOUND",
        "version 1 only",
        () -> infer(valid().setModelVersion("2")));
    invalid("model_name", "no model is named", () -> infer(valid().clearModelName()));
    with(
        Status.Code.NOT_FOUND,
        "NOT_FOUND",
        "there is no model of that name",
        () -> endpoint.inference().modelReady(ModelReadyRequest.newBuilder().setName("x").build()));
    assertThat(infer(valid().setModelVersion("1")).getOutputsCount()).isEqualTo(1);
  }

  @Test
  void serverAndModelTellWhatTheyAre() {
    var stub = endpoint.inference();
    assertThat(stub.serverLive(ServerLiveRequest.getDefaultInstance()).getLive()).isTrue();
    assertThat(stub.serverReady(ServerReadyRequest.getDefaultInstance()).getReady()).isTrue();
    assertThat(
            stub.modelReady(ModelReadyRequest.newBuilder().setName(Fixtures.MODEL).build())
                .getReady())
        .isTrue();
    assertThat(stub.serverMetadata(ServerMetadataRequest.getDefaultInstance()).getVersion())
        .isEqualTo("7.1");
    ModelMetadataResponse metadata =
        stub.modelMetadata(ModelMetadataRequest.newBuilder().setName(Fixtures.MODEL).build());
    assertThat(metadata.getInputsList())
        .extracting(t -> t.getName() + t.getShapeList())
        .containsExactly(
            "latent_sample[-1, 4, -1, -1]", "noise0[-1, 3, -1, -1]", "noise1[-1, 3, -1, -1]");
    assertThat(metadata.getOutputsList())
        .extracting(t -> t.getName() + t.getDatatype() + t.getShapeList())
        .containsExactly("imageUINT8[-1, -1, -1, 3]", "sampleFP32[-1, 3, -1, -1]");
    assertThat(stub.repositoryIndex(RepositoryIndexRequest.getDefaultInstance()).getModels(0))
        .satisfies(
            m -> {
              assertThat(m.getName()).isEqualTo(Fixtures.MODEL);
              assertThat(m.getState()).isEqualTo("READY");
            });
  }
}
