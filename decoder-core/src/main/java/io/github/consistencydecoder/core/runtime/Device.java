package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.providers.OrtCUDAProviderOptions;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The device that a session runs on.
 *
 * @param kind the execution provider
 * @param index of the device among those of its kind
 * @param reason a sentence: what was chosen and why
 */
public record Device(Kind kind, int index, String reason) {
  private static final Pattern CUDA = Pattern.compile("cuda(?::(\\d{1,3}))?");

  /** The execution providers that are used. */
  public enum Kind {
    CPU,
    CUDA
  }

  /** What the runtime calls its memory. */
  String memory() {
    return kind == Kind.CPU ? "cpu:0" : "gpu:" + index;
  }

  /** The spelling that chooses this device again. */
  public String id() {
    return kind == Kind.CPU ? "cpu" : "cuda:" + index;
  }

  /**
   * The device asked for, or the best there is.
   *
   * @param wanted {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:N}
   * @throws DecoderException {@link DecoderErrorCode#DEVICE_UNAVAILABLE} if CUDA is asked for and
   *     is not available, {@link DecoderErrorCode#DEVICE_LOST} if it failed for good, {@link
   *     DecoderErrorCode#INVALID_OPTIONS} if the word is unknown
   */
  public static Device choose(String wanted) {
    return choose(wanted, CudaOptions.NONE);
  }

  /** Likewise with advanced options, which CUDA must start with. */
  public static Device choose(String wanted, CudaOptions advanced) {
    if (wanted.equals("cpu")) {
      return new Device(Device.Kind.CPU, 0, "cpu, as asked for");
    }
    Matcher cuda = CUDA.matcher(wanted);
    if (!cuda.matches() && !wanted.equals("auto")) {
      throw new DecoderException(
          DecoderErrorCode.INVALID_OPTIONS,
          "device '" + wanted + "' is unknown; auto, cpu, cuda and cuda:N exist");
    }
    int index = cuda.matches() && cuda.group(1) != null ? Integer.parseInt(cuda.group(1)) : 0;
    CudaFailure.requireNotLost();
    String problem = cudaProblem(index, advanced);
    if (problem.isEmpty()) {
      return new Device(
          Device.Kind.CUDA,
          index,
          "cuda:"
              + index
              + (wanted.equals("auto") ? ", a CUDA device was found" : ", as asked for"));
    }
    if (wanted.equals("auto")) {
      return new Device(Device.Kind.CPU, 0, "cpu, because " + problem);
    }
    throw new DecoderException(
        DecoderErrorCode.DEVICE_UNAVAILABLE, wanted + " is not available: " + problem);
  }

  /** Why CUDA cannot be used, a clause; empty if it can. */
  public static String cudaProblem(int index) {
    return cudaProblem(index, CudaOptions.NONE);
  }

  private static String cudaProblem(int index, CudaOptions advanced) {
    OnnxRuntime.environment();
    if (!OnnxRuntime.providers().contains(OrtProvider.CUDA.name())) {
      return "this build carries ONNX Runtime's CPU provider only (mvn -Pgpu brings that for CUDA"
          + " 12, -Pcuda13 that for CUDA 13)";
    }
    try (SessionOptions options = new SessionOptions()) {
      addCuda(options, index, advanced);
      return "";
    } catch (OrtException e) {
      return "the CUDA provider does not start: " + firstLine(e.getMessage());
    }
  }

  /** Has sessions compute on a CUDA device. */
  static void addCuda(SessionOptions options, int index, CudaOptions advanced) throws OrtException {
    try (OrtCUDAProviderOptions cuda = new OrtCUDAProviderOptions(index)) {
      Map<String, String> values = new TreeMap<>();
      // With cuDNN 9 none of them measures: HEURISTIC asks its mode A, EXHAUSTIVE its mode B, which
      // thinks longer, and DEFAULT its fallback, which is many times slower.
      values.put("cudnn_conv_algo_search", "HEURISTIC");
      values.put("arena_extend_strategy", "kSameAsRequested");
      values.putAll(advanced.values());
      values.remove(CudaOptions.LOG);
      for (Map.Entry<String, String> value : values.entrySet()) {
        cuda.add(value.getKey(), value.getValue());
      }
      options.addCUDA(cuda);
    }
  }

  private static String firstLine(String text) {
    return text == null ? "no reason given" : text.lines().findFirst().orElse("no reason given");
  }
}
