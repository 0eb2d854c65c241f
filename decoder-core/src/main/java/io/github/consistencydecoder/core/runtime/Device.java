package io.github.consistencydecoder.core.runtime;

/**
 * Where a session runs.
 *
 * @param kind the execution provider
 * @param index of the device among those of its kind
 * @param reason a sentence: what was chosen and why
 */
public record Device(Kind kind, int index, String reason) {
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
}
