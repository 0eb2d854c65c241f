package io.github.consistencydecoder.server.grpc;

import io.github.consistencydecoder.proto.inference.InferTensorContents;
import io.github.consistencydecoder.proto.inference.ModelInferRequest;
import io.github.consistencydecoder.proto.inference.ModelInferRequest.InferInputTensor;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.TensorType;
import io.github.consistencydecoder.server.request.WireTensor;
import io.github.consistencydecoder.server.request.WireTensor.TensorFields;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The inputs of an inference by their names. Checked in this order: known names, each once; raw or
 * typed contents but not both, one entry for each input; known types. FP16 and BF16 are raw only.
 */
final class InferTensors {
  static final String LATENTS = "latent_sample";
  static final List<String> NOISE = List.of("noise0", "noise1");

  static final String START = "start";
  static final String KEEP = "keep";
  static final String MASK = "mask";

  private static final List<String> KNOWN =
      List.of(LATENTS, NOISE.get(0), NOISE.get(1), START, KEEP, MASK);

  /** Those that may have elements of 8 bits. */
  private static final Set<String> PICTURES = Set.of(START, KEEP, MASK);

  private final ModelInferRequest request;
  private final Map<String, Integer> places = new LinkedHashMap<>();

  private InferTensors(ModelInferRequest request) {
    this.request = request;
  }

  static InferTensors of(ModelInferRequest request) throws ServiceException {
    InferTensors tensors = new InferTensors(request);
    tensors.checkNames();
    tensors.checkContents();
    return tensors;
  }

  private void checkNames() throws ServiceException {
    if (request.getInputsCount() > KNOWN.size()) {
      throw ServiceException.invalid(
          "inputs",
          request.getInputsCount() + " inputs were given; at most " + KNOWN.size() + " exist");
    }
    for (int k = 0; k < request.getInputsCount(); k++) {
      String name = request.getInputs(k).getName();
      if (!KNOWN.contains(name)) {
        throw ServiceException.invalid(
            field(k) + ".name", "there is no such input; these exist: " + String.join(", ", KNOWN));
      }
      if (places.putIfAbsent(name, k) != null) {
        throw ServiceException.invalid(field(k) + ".name", name + " was given twice");
      }
    }
    if (!places.containsKey(LATENTS)) {
      throw ServiceException.invalid("inputs", "the input latent_sample is missing");
    }
  }

  private void checkContents() throws ServiceException {
    if (typed()) {
      return;
    }
    for (int k = 0; k < request.getInputsCount(); k++) {
      if (request.getInputs(k).hasContents()) {
        throw ServiceException.invalid(
            field(k) + ".contents",
            "typed contents stand beside raw_input_contents; one of the two");
      }
    }
    if (request.getRawInputContentsCount() != request.getInputsCount()) {
      throw ServiceException.invalid(
          "raw_input_contents",
          "%s raw contents were given for %s inputs; one for each is needed"
              .formatted(request.getRawInputContentsCount(), request.getInputsCount()));
    }
  }

  /** Whether the request has typed contents, and its answer shall. */
  boolean typed() {
    return request.getRawInputContentsCount() == 0;
  }

  boolean has(String name) {
    return places.containsKey(name);
  }

  /** Of an input that is there. */
  List<Long> shape(String name) {
    return input(name).getShapeList();
  }

  /** Of an input that is there. */
  TensorFields fields(String name) {
    int k = places.get(name);
    return new TensorFields(
        field(k) + ".datatype",
        field(k) + ".shape",
        typed() ? field(k) + ".contents" : "raw_input_contents[" + k + "]");
  }

  private InferInputTensor input(String name) {
    return request.getInputs(places.get(name));
  }

  private static String field(int k) {
    return "inputs[" + k + "]";
  }

  /** Of an input that is there. */
  TensorType type(String name) throws ServiceException {
    return TensorType.ofInferName(input(name).getDatatype())
        .filter(type -> type != TensorType.UINT8 || PICTURES.contains(name))
        .orElseThrow(
            () ->
                ServiceException.invalid(
                    fields(name).type(),
                    name
                        + (PICTURES.contains(name)
                            ? " is of type UINT8, FP32, FP16 or BF16, no other"
                            : " is of type FP32, FP16 or BF16, no other")));
  }

  /** An input if it is there, not yet read. */
  Optional<WireTensor> optional(String name) throws ServiceException {
    return has(name) ? Optional.of(tensor(name)) : Optional.empty();
  }

  /** An input that is there, not yet read. */
  WireTensor tensor(String name) throws ServiceException {
    TensorFields fields = fields(name);
    TensorType type = type(name);
    ByteBuffer data =
        typed()
            ? contents(fields, type, input(name).getContents())
            : request.getRawInputContents(places.get(name)).asReadOnlyByteBuffer();
    return WireTensor.of(fields, type, shape(name), data);
  }

  private static ByteBuffer contents(
      TensorFields fields, TensorType type, InferTensorContents contents) throws ServiceException {
    if (type == TensorType.UINT8) {
      return levels(fields, contents);
    }
    if (type != TensorType.FLOAT32) {
      throw ServiceException.invalid(
          fields.data(), type.inferName() + " exists in raw_input_contents only");
    }
    int other =
        contents.getBoolContentsCount()
            + contents.getIntContentsCount()
            + contents.getInt64ContentsCount()
            + contents.getUintContentsCount()
            + contents.getUint64ContentsCount()
            + contents.getFp64ContentsCount()
            + contents.getBytesContentsCount();
    if (other != 0) {
      throw ServiceException.invalid(fields.data(), "contents of FP32 stand in fp32_contents");
    }
    ByteBuffer bytes =
        ByteBuffer.allocate(4 * contents.getFp32ContentsCount()).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < contents.getFp32ContentsCount(); i++) {
      bytes.putFloat(contents.getFp32Contents(i));
    }
    return bytes.flip();
  }

  private static ByteBuffer levels(TensorFields fields, InferTensorContents contents)
      throws ServiceException {
    ByteBuffer bytes = ByteBuffer.allocate(contents.getUintContentsCount());
    for (int level : contents.getUintContentsList()) {
      if (level < 0 || level > 255) {
        throw ServiceException.invalid(fields.data(), "contents of UINT8 are 0 to 255");
      }
      bytes.put((byte) level);
    }
    return bytes.flip();
  }
}
