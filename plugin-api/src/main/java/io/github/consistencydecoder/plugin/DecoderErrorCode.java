package io.github.consistencydecoder.plugin;

/** Causes of failures. Each code has one kind, which says who can do something about it. */
public enum DecoderErrorCode {
  /** The latents are not what a Stable Diffusion 1.x decoder takes. */
  INVALID_LATENTS(Kind.CALLER),
  /** The pictures are not what an encoder or a metric takes. */
  INVALID_PIXELS(Kind.CALLER),
  /** An option or a configuration value is unknown or outside its range. */
  INVALID_OPTIONS(Kind.CALLER),
  /** No provider of that name: decoder, encoder or metric. */
  UNKNOWN_DECODER(Kind.CALLER),
  /** The caller stopped it. */
  CANCELLED(Kind.CALLER),
  /** The model is not where it should be. */
  MODEL_MISSING(Kind.MODEL),
  /** The model's files are damaged or hostile. */
  MODEL_CORRUPT(Kind.MODEL),
  /** The model is sound but not one this decoder can run. */
  MODEL_UNSUPPORTED(Kind.MODEL),
  /** The device or execution provider asked for is not available here. */
  DEVICE_UNAVAILABLE(Kind.RESOURCES),
  /** The device failed, and this process cannot use it any more: it has to end. */
  DEVICE_LOST(Kind.RESOURCES),
  /** Not enough memory. */
  OUT_OF_MEMORY(Kind.RESOURCES),
  /** Too much to do already; try again later. */
  BUSY(Kind.RESOURCES),
  /** The runtime underneath failed. */
  RUNTIME_FAILED(Kind.INTERNAL);

  /** Who can do something about an error. */
  public enum Kind {
    /** Whoever called. */
    CALLER,
    /** Whoever supplied the model. */
    MODEL,
    /** Whoever runs the machine. */
    RESOURCES,
    /** Whoever wrote the decoder. */
    INTERNAL
  }

  private final Kind kind;

  DecoderErrorCode(Kind kind) {
    this.kind = kind;
  }

  /** Who can do something about it. */
  public Kind kind() {
    return kind;
  }
}
