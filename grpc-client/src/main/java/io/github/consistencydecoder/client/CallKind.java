package io.github.consistencydecoder.client;

import io.github.consistencydecoder.plugin.DecoderErrorCode;

/** What a service is asked to do. */
enum CallKind {
  DECODE("the decode", DecoderErrorCode.INVALID_LATENTS),
  ENCODE("the encoding", DecoderErrorCode.INVALID_PIXELS),
  DESCRIBE("the question", DecoderErrorCode.INVALID_OPTIONS);

  private final String noun;
  private final DecoderErrorCode invalid;

  CallKind(String noun, DecoderErrorCode invalid) {
    this.noun = noun;
    this.invalid = invalid;
  }

  /** As messages call it. */
  String noun() {
    return noun;
  }

  /** What it means if the service refuses the request without saying which part of it. */
  DecoderErrorCode invalid() {
    return invalid;
  }
}
