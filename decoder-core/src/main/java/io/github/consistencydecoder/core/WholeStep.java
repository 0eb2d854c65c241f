package io.github.consistencydecoder.core;

import io.github.consistencydecoder.core.memory.MemoryEstimate;
import io.github.consistencydecoder.core.runtime.NetworkRunner;
import io.github.consistencydecoder.core.runtime.NetworkRunner.StepInputs;
import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.plugin.Cancellation;

/** Evaluations of whole pictures, several at once where the network's graph allows. */
interface WholeStep {
  /**
   * Pictures that one run can take; 0 if they are too large.
   *
   * @param height in cells
   * @param width in cells
   */
  int largestBatch(int height, int width);

  /**
   * Bytes that the runtime holds at the peak of a run, inputs and output included.
   *
   * @param pictures of one run
   * @param height in cells
   * @param width in cells
   */
  long runBytes(int pictures, int height, int width);

  /**
   * As {@link StepEvaluation#evaluate}.
   *
   * @param together pictures of one run at most
   */
  void evaluate(
      StepInputs in, int together, float[] noisy, float[] image, Cancellation cancellation);

  /**
   * By a session, which is borrowed.
   *
   * @param network of the session
   */
  static WholeStep of(NetworkRunner session, ConsistencyNetwork network) {
    return new WholeStep() {
      @Override
      public int largestBatch(int height, int width) {
        return session.largestBatch(height, width);
      }

      @Override
      public long runBytes(int pictures, int height, int width) {
        return session
            .runBytes(pictures, height, width)
            .orElseGet(() -> MemoryEstimate.bytes(network, 64L * pictures * height * width));
      }

      @Override
      public void evaluate(
          StepInputs in, int together, float[] noisy, float[] image, Cancellation cancellation) {
        session.evaluate(in, together, noisy, image, cancellation);
      }
    };
  }
}
