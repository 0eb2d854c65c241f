package io.github.consistencydecoder.server.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.proto.inference.InferParameter;
import io.github.consistencydecoder.proto.inference.InferParameter.ParameterChoiceCase;
import io.github.consistencydecoder.proto.inference.InferTensorContents;
import io.github.consistencydecoder.proto.inference.ModelInferRequest;
import io.github.consistencydecoder.proto.inference.ModelInferRequest.InferRequestedOutputTensor;
import io.github.consistencydecoder.proto.inference.ModelInferResponse.InferOutputTensor;
import io.github.consistencydecoder.server.request.PictureBytes;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.TensorType;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * An output that is asked for: {@code image}, UINT8 {@code [N, H, W, 3]}, or {@code sample} in
 * floating point {@code [N, 3, H, W]}.
 */
record InferOutput(String name, TensorType type) {
  static final String IMAGE = "image";
  static final String SAMPLE = "sample";

  private static final String DATATYPE = "datatype";

  /**
   * What a request asks for; the image alone if it does not say.
   *
   * @param input type of the latents, which samples have unless something else is asked for
   * @param typed whether the answer has typed contents, in which there are no 16-bit types
   */
  static List<InferOutput> of(ModelInferRequest request, TensorType input, boolean typed)
      throws ServiceException {
    if (request.getOutputsCount() == 0) {
      return List.of(new InferOutput(IMAGE, TensorType.UINT8));
    }
    List<InferOutput> outputs = new ArrayList<>();
    for (int k = 0; k < Math.min(request.getOutputsCount(), 3); k++) {
      String field = "outputs[" + k + "]";
      InferRequestedOutputTensor asked = request.getOutputs(k);
      if (outputs.stream().anyMatch(o -> o.name().equals(asked.getName()))) {
        throw ServiceException.invalid(field + ".name", asked.getName() + " was asked for twice");
      }
      outputs.add(output(field, asked, input, typed));
    }
    return outputs;
  }

  private static InferOutput output(
      String field, InferRequestedOutputTensor asked, TensorType input, boolean typed)
      throws ServiceException {
    boolean image = asked.getName().equals(IMAGE);
    if (!image && !asked.getName().equals(SAMPLE)) {
      throw ServiceException.invalid(
          field + ".name", "there is no such output; image and sample exist");
    }
    TensorType type = image ? TensorType.UINT8 : input;
    for (Map.Entry<String, InferParameter> parameter : asked.getParametersMap().entrySet()) {
      if (parameter.getKey().equals(DATATYPE)) {
        type = asked(field + ".parameters[datatype]", parameter.getValue());
      } else if (!parameter.getKey().equals("binary_data")) {
        throw ServiceException.invalid(
            field + ".parameters", "an unknown parameter; datatype is the only one");
      }
    }
    if (image != (type == TensorType.UINT8)) {
      throw ServiceException.invalid(
          field + ".parameters[datatype]", "image is UINT8, sample is FP32, FP16 or BF16");
    }
    if (typed && type.bytes() == 2) {
      throw ServiceException.invalid(
          field, type.inferName() + " exists in raw contents only, this request has typed ones");
    }
    return new InferOutput(asked.getName(), type);
  }

  private static TensorType asked(String field, InferParameter value) throws ServiceException {
    if (value.getParameterChoiceCase() != ParameterChoiceCase.STRING_PARAM) {
      throw ServiceException.invalid(field, "datatype is a text");
    }
    return TensorType.ofInferName(value.getStringParam())
        .orElseThrow(
            () -> ServiceException.invalid(field, "FP32, FP16, BF16 and UINT8 exist, no others"));
  }

  private boolean image() {
    return name.equals(IMAGE);
  }

  private InferOutputTensor.Builder described(Pixels pixels) {
    List<Long> shape =
        image()
            ? List.of((long) pixels.batch(), (long) pixels.height(), (long) pixels.width(), 3L)
            : List.of((long) pixels.batch(), 3L, (long) pixels.height(), (long) pixels.width());
    return InferOutputTensor.newBuilder()
        .setName(name)
        .setDatatype(type.inferName())
        .addAllShape(shape);
  }

  /** Without contents, which are raw. */
  InferOutputTensor tensor(Pixels pixels) {
    return described(pixels).build();
  }

  ByteString raw(Pixels pixels) {
    return UnsafeByteOperations.unsafeWrap(
        image() ? PictureBytes.rgb8(pixels) : PictureBytes.planes(pixels, type));
  }

  /** With typed contents. */
  InferOutputTensor typed(Pixels pixels) {
    InferTensorContents.Builder contents = InferTensorContents.newBuilder();
    if (image()) {
      for (byte level : PictureBytes.rgb8(pixels)) {
        contents.addUintContents(level & 0xff);
      }
    } else {
      FloatBuffer values = pixels.values();
      while (values.hasRemaining()) {
        contents.addFp32Contents(values.get());
      }
    }
    return described(pixels).setContents(contents).build();
  }
}
