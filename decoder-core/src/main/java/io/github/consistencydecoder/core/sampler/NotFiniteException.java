package io.github.consistencydecoder.core.sampler;

/**
 * The cause of a decode's failure where the network gave NaN or infinity: with half precision, that
 * its numbers left the range.
 */
public final class NotFiniteException extends ArithmeticException {
  private static final long serialVersionUID = 1L;

  NotFiniteException(int timestep) {
    super("NaN or infinity at timestep " + timestep);
  }
}
