package io.github.consistencydecoder.server.core;

/** What became of an accepted call; the columns of the {@link Ledger}. */
enum Outcome {
  COMPLETED("completed"),
  CANCELLED("cancelled"),
  EXPIRED("expired"),
  FAILED("failed");

  private final String id;

  Outcome(String id) {
    this.id = id;
  }

  String id() {
    return id;
  }
}
