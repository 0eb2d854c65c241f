package io.github.consistencydecoder.server.core;

/** What a call asks for. */
enum CallKind {
  DECODE,
  ENCODE;

  String id() {
    return this == DECODE ? "decode" : "encode";
  }
}
