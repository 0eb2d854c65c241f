package io.github.consistencydecoder.plugin;

/**
 * The treatment of the picture between the steps of the sampler. The published implementations
 * differ here.
 */
public enum ClampMode {
  /**
   * To {@code [-1, 1]} after every step, the last included: OpenAI's own implementation. The
   * default.
   */
  EACH_STEP("each-step", "original"),

  /** Never: diffusers' {@code ConsistencyDecoderVAE}. Values may leave {@code [-1, 1]}. */
  NONE("none", "diffusers");

  private final String id;
  private final String dialect;

  ClampMode(String id, String dialect) {
    this.id = id;
    this.dialect = dialect;
  }

  /** The name of the implementation that does so: {@code original} or {@code diffusers}. */
  public String dialect() {
    return dialect;
  }

  /** The older spelling, {@code each-step} or {@code none}; metadata has it beside the dialect. */
  public String id() {
    return id;
  }

  /**
   * @param id {@code each-step} or {@code none}
   */
  public static ClampMode parse(String id) {
    for (ClampMode mode : values()) {
      if (mode.id.equals(id)) {
        return mode;
      }
    }
    throw new IllegalArgumentException(
        "clamp mode '" + id + "' is unknown; each-step and none exist");
  }
}
