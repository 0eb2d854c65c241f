package io.github.consistencydecoder.compare;

/** An input that cannot be compared, in one sentence. */
final class InputProblem extends Exception {
  private static final long serialVersionUID = 1L;

  InputProblem(String sentence) {
    this(sentence, null);
  }

  InputProblem(String sentence, Throwable cause) {
    super(sentence.strip().replaceAll("\\s+", " "), cause);
  }

  /** Of something that broke a promise: what it was is all there is to say. */
  static InputProblem unexpected(String where, RuntimeException e) {
    String message = e.getMessage() == null ? "" : ": " + e.getMessage();
    return new InputProblem(
        where + " failed unexpectedly, " + e.getClass().getSimpleName() + message, e);
  }
}
