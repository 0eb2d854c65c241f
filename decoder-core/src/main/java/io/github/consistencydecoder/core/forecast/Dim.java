package io.github.consistencydecoder.core.forecast;

/**
 * One dimension of a tensor as the runtime knows it before a run.
 *
 * @param size -1 if that is not known
 * @param name of an unknown size; empty if it has none
 */
record Dim(long size, String name) {
  static final Dim UNKNOWN = new Dim(-1, "");

  static Dim of(long size) {
    return size < 0 ? UNKNOWN : new Dim(size, "");
  }

  boolean known() {
    return size >= 0;
  }

  /** Whether two dimensions are the same for certain. */
  boolean same(Dim other) {
    return known() ? size == other.size : !name.isEmpty() && name.equals(other.name);
  }
}
