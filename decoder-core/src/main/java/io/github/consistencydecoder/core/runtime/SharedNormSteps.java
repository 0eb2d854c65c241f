package io.github.consistencydecoder.core.runtime;

import io.github.consistencydecoder.core.sampler.StepInputs;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.FoldedNorms;
import io.github.consistencydecoder.models.store.cache.CacheLocks;
import io.github.consistencydecoder.models.store.cache.EntryUse;
import io.github.consistencydecoder.plugin.Cancellation;
import java.io.IOException;

/**
 * One step of the consistency decoder with the statistics of its norms apart: measured on one
 * picture, used for others.
 *
 * <p>Owns the runtime's sessions. Safe for use by several threads. After {@link #close}, nothing
 * else must be called; closing again does nothing. The caller closes only when no evaluation is
 * running.
 */
public final class SharedNormSteps implements EntryUse, AutoCloseable {
  private final int groups;
  private final FoldedNorms norms;
  private final NetworkRunner measuring;
  private final NetworkRunner given;

  /** Takes ownership of the sessions; closes them if this fails. */
  public SharedNormSteps(ConsistencyWeights weights, NetworkRunner measuring, NetworkRunner given)
      throws IOException {
    this.groups = weights.network().groups();
    this.measuring = measuring;
    this.given = given;
    try {
      this.norms = new FoldedNorms(weights);
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * The statistics that a picture's own evaluation has, as {@link FoldedNorms} takes them.
   *
   * @param in one picture
   * @param noisy {@code [1, 3, 8h, 8w]}; borrowed
   * @throws io.github.consistencydecoder.plugin.DecoderException as {@link NetworkRunner#evaluate}
   */
  public float[] measure(StepInputs in, float[] noisy, Cancellation cancellation) {
    return measuring.measure(in, noisy, cancellation);
  }

  /** Groups of every norm. */
  public int groups() {
    return groups;
  }

  /** What {@link #evaluate} takes for the conditioning of a step, with statistics. */
  public float[] fold(float[] conditioning, float[] statistics) {
    return norms.fold(conditioning, statistics);
  }

  /**
   * Evaluates pictures with given statistics.
   *
   * @param in with {@link #fold folded} conditioning
   * @param noisy {@code [N, 3, 8h, 8w]}; borrowed
   * @param image {@code [N, 3, 8h, 8w]}; filled with the result, not clamped
   * @throws io.github.consistencydecoder.plugin.DecoderException as {@link NetworkRunner#evaluate}
   */
  public void evaluate(StepInputs in, float[] noisy, float[] image, Cancellation cancellation) {
    given.evaluate(in, in.batch(), noisy, image, cancellation);
  }

  /**
   * As {@link NetworkRunner#giveBack}, after the last measurement as well as after the last tile.
   */
  public void giveBack() {
    try {
      measuring.giveBack();
    } finally {
      given.giveBack();
    }
  }

  @Override
  public void closeToo(CacheLocks.Held held) {
    measuring.closeToo(held);
  }

  @Override
  public void close() {
    try {
      given.close();
    } finally {
      measuring.close();
    }
  }
}
