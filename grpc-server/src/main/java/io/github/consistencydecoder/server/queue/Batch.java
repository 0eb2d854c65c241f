package io.github.consistencydecoder.server.queue;

import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.server.models.BatchTrials;
import io.github.consistencydecoder.server.models.LoadedModel;
import io.github.consistencydecoder.server.models.ModelSupervisor;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.DecodeSize.Prediction;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One use of a worker: a call, several that are decoded as one batch, or a trial of such a batch.
 *
 * @param members as they left the queue; none for a trial
 * @param trial instead of members
 * @param bytes reserved while it runs
 * @param predictedNanos of the work
 * @param startNanos when it was given a worker
 */
record Batch(
    ModelSupervisor supervisor,
    LoadedModel model,
    List<Job<?>> members,
    Optional<BatchTrials.Trial> trial,
    Cancellation cancellation,
    long bytes,
    long predictedNanos,
    long startNanos) {
  /** How far down the queue companions are looked for. */
  private static final int FARTHEST = 64;

  /**
   * What a worker does when it is a call's turn: that call, that call with others that wait for the
   * same, or first a trial whether they may be decoded together.
   *
   * @param next the call whose turn it is
   * @param waiting all that wait
   * @param freeBytes memory that is not reserved
   * @param mayTry whether there is time for trials
   * @return a run that may need more memory than is free; then nothing starts now
   */
  static Batch choose(Job<?> next, Iterable<Job<?>> waiting, long freeBytes, boolean mayTry) {
    if (next instanceof DecodeJob decode && decode.batchKey.isPresent()) {
      BatchKey key = decode.batchKey.get();
      BatchTrials trials = decode.terms.model().trials();
      List<Job<?>> companions = companions(decode, waiting, trials.most());
      Optional<Batch> trial =
          mayTry ? trial(decode, key, companions.size(), freeBytes) : Optional.empty();
      if (trial.isPresent()) {
        return trial.get();
      }
      for (int n = trials.proven(key.shape()); n > 1; n /= 2) {
        if (n <= companions.size()) {
          Prediction p = predict(decode, n, decode.terms.size().steps());
          if (p.peakBytes() <= freeBytes && allInTime(companions.subList(0, n), p)) {
            return run(next, companions.subList(0, n), Optional.empty(), p);
          }
        }
      }
    }
    return run(next, List.of(next), Optional.empty(), next.terms.prediction());
  }

  private static List<Job<?>> companions(DecodeJob first, Iterable<Job<?>> waiting, int most) {
    List<Job<?>> found = new ArrayList<>();
    if (most < 2) {
      return found;
    }
    found.add(first);
    int seen = 0;
    for (Job<?> call : waiting) {
      if (found.size() == most || seen++ == FARTHEST) {
        break;
      }
      if (call != first
          && call instanceof DecodeJob other
          && other.terms.model() == first.terms.model()
          && other.batchKey.equals(first.batchKey)) {
        found.add(other);
      }
    }
    return found;
  }

  private static Optional<Batch> trial(
      DecodeJob decode, BatchKey key, int waiting, long freeBytes) {
    BatchTrials trials = decode.terms.model().trials();
    int n = trials.next(key.shape(), waiting);
    if (n == 0) {
      return Optional.empty();
    }
    Prediction once = predict(decode, n, 1);
    Prediction p =
        new Prediction(
            BatchTrials.TIMES * once.operations(),
            once.peakBytes(),
            BatchTrials.TIMES * once.nanos());
    BatchTrials.Trial trial = new BatchTrials.Trial(n, key.shape());
    if (p.peakBytes() > freeBytes || !trials.begin(trial, p.nanos())) {
      return Optional.empty();
    }
    return Optional.of(run(decode, List.of(), Optional.of(trial), p));
  }

  private static Prediction predict(DecodeJob like, int n, int steps) {
    DecodeSize size = like.terms.size();
    return like.terms
        .model()
        .predict(new DecodeSize(size.kind(), n, size.height(), size.width(), steps, size.tiling()));
  }

  private static boolean allInTime(List<Job<?>> calls, Prediction together) {
    long now = System.nanoTime();
    return calls.stream().allMatch(c -> c.terms.endNanos() - now > together.nanos());
  }

  private static Batch run(
      Job<?> like, List<Job<?>> members, Optional<BatchTrials.Trial> trial, Prediction p) {
    return new Batch(
        like.terms.supervisor(),
        like.terms.model(),
        List.copyOf(members),
        trial,
        new Cancellation(),
        p.peakBytes(),
        p.nanos(),
        System.nanoTime());
  }
}
