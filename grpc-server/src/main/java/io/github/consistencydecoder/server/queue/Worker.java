package io.github.consistencydecoder.server.queue;

import io.github.consistencydecoder.plugin.DecodeListener;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.server.models.BatchTrials;
import io.github.consistencydecoder.server.models.Failures;
import io.github.consistencydecoder.server.models.JoinedDecode;
import io.github.consistencydecoder.server.queue.Job.StopReason;
import io.github.consistencydecoder.server.request.ServiceException;
import java.util.List;
import java.util.Optional;

/** Runs batches. Nothing of a batch is inside the model when it returns. */
final class Worker {
  private final JobQueue queue;

  Worker(JobQueue queue) {
    this.queue = queue;
  }

  /** Never throws: whatever happens becomes the failure of the calls. */
  void perform(Batch run) {
    List<Job<?>> calls = queue.begin(run);
    if (run.trial().isPresent()) {
      tryBatch(run, run.trial().get());
    } else if (calls.size() > 1) {
      if (!together(run, calls)) {
        for (Job<?> call : calls) {
          if (queue.begin(run).contains(call)) {
            alone(run, call);
          }
        }
      }
    } else if (!calls.isEmpty()) {
      alone(run, calls.get(0));
    }
  }

  private void alone(Batch run, Job<?> call) {
    long start = System.nanoTime();
    try {
      call.perform(run);
      call.runNanos = System.nanoTime() - start;
      worked(run, call, 1, call.runNanos);
    } catch (Throwable e) {
      call.runNanos = System.nanoTime() - start;
      if (run.cancellation().isCancelled()) {
        // As asked for, whatever it says.
        if (call.stop == StopReason.DEADLINE) {
          run.model()
              .speed(call.kind())
              .observeStopped(call.terms.prediction().operations(), call.runNanos);
        }
        return;
      }
      call.failure = Failures.outside(e);
      doubt(run, e);
    }
  }

  /** Whether all have a result, or need none. */
  private boolean together(Batch run, List<Job<?>> calls) {
    List<DecodeJob> decodes = calls.stream().map(DecodeJob.class::cast).toList();
    long start = System.nanoTime();
    try {
      Optional<List<Decoded>> results =
          JoinedDecode.decode(
              run.model().decoder(),
              decodes.stream().map(c -> new JoinedDecode.Part(c.latents, c.options)).toList(),
              steps(decodes),
              run.cancellation());
      if (results.isEmpty()) {
        return false;
      }
      long nanos = System.nanoTime() - start;
      for (int k = 0; k < decodes.size(); k++) {
        Job.requireFinite("picture", results.get().get(k).pixels().values());
        decodes.get(k).runNanos = nanos;
        decodes.get(k).completed(results.get().get(k));
      }
      worked(run, decodes.get(0), decodes.size(), nanos);
      return true;
    } catch (Throwable e) {
      if (run.cancellation().isCancelled()) {
        return true;
      }
      if (Failures.castsDoubt(e)) {
        // Not the fault of any one of them; alone they may come out.
        decodes.get(0).batchKey.ifPresent(key -> run.model().trials().refuse(key.shape()));
        String unused = ServiceException.incident(e);
        doubt(run, e);
      }
      decodes.forEach(c -> c.result = null);
      return false;
    }
  }

  private static DecodeListener steps(List<DecodeJob> calls) {
    List<DecodeListener> all = calls.stream().map(DecodeJob::steps).toList();
    return new DecodeListener() {
      @Override
      public void stepStarted(int step, int steps, int timestep) {
        all.forEach(l -> l.stepStarted(step, steps, timestep));
      }

      @Override
      public void stepFinished(int step, int steps, long nanos) {
        all.forEach(l -> l.stepFinished(step, steps, nanos));
      }
    };
  }

  private static void tryBatch(Batch run, BatchTrials.Trial trial) {
    try {
      run.model().trials().make(trial, run.model(), run.cancellation());
    } catch (Throwable e) {
      if (!run.cancellation().isCancelled()) {
        String unused = ServiceException.incident(e);
        doubt(run, e);
      }
    }
  }

  private static void worked(Batch run, Job<?> like, int calls, long nanos) {
    run.model().worked();
    observe(run, like, calls, nanos);
  }

  private static void observe(Batch run, Job<?> like, int calls, long nanos) {
    run.model().speed(like.kind()).observe(calls * like.terms.prediction().operations(), nanos);
  }

  private static void doubt(Batch run, Throwable failure) {
    if (Failures.castsDoubt(failure)) {
      run.supervisor().doubt(run.model());
    }
  }
}
