package io.github.consistencydecoder.server.queue;

import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.server.models.LoadedModel;
import io.github.consistencydecoder.server.queue.Job.Outcome;
import io.github.consistencydecoder.server.queue.Job.StopReason;
import io.github.consistencydecoder.server.queue.Ledger.Counts;
import io.github.consistencydecoder.server.request.CallSettings.Priority;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.ServiceLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The jobs that wait, those that run, and the counts; all behind one lock that is never held while
 * other people's code runs. The call whose turn it is is never overtaken while it waits for memory.
 * Where a model is slow to change the size, calls of the size that it decoded last overtake it
 * {@value #MOST_OVERTAKEN} times at most.
 *
 * <p>Methods that settle calls return them: whoever asked tells their listeners and then reports
 * {@link #told}.
 */
final class JobQueue {
  /** How often calls of one size may go before one of another size in a row. */
  static final int MOST_OVERTAKEN = 8;

  private final ServiceLimits limits;
  private final long mostHeldBytes;
  private final Consumer<Batch> workers;

  private final WaitingJobs waiting;
  private final Set<Job<?>> live = new HashSet<>();
  private final Set<Batch> running = new HashSet<>();
  private final Counts counts;
  private long sequence;
  private long reservedBytes;
  private long peakBytes;
  private boolean draining;

  /** The last one that was not a trial. */
  private Job<?> last;

  private int overtaken;

  /**
   * @param mostHeldBytes heap that waiting calls may hold together
   * @param workers told, under the lock, of a run that begins; must only pass it on
   */
  JobQueue(ServiceLimits limits, long mostHeldBytes, Counts counts, Consumer<Batch> workers) {
    this.limits = limits;
    this.waiting = new WaitingJobs(limits.maxQueued().dividedBy(4));
    this.mostHeldBytes = mostHeldBytes;
    this.counts = counts;
    this.workers = workers;
  }

  /**
   * Whether work would be taken now.
   *
   * @param bytes of heap that it holds while it waits
   * @return predicted nanoseconds that it would wait
   * @throws ServiceException {@code BUSY}, {@code DEADLINE} or {@code NOT_READY}
   */
  long check(Admission.Ask ask, Priority priority, long bytes) throws ServiceException {
    Admission.Load load;
    synchronized (this) {
      if (draining) {
        throw StopReason.DRAIN.exception();
      }
      long runs = runningNanos();
      int calls = waiting.calls(Priority.LOW);
      load =
          new Admission.Load(
              calls == 0 && running.size() < limits.workers(),
              calls == 0,
              runs + waiting.nanos(Priority.LOW),
              runs + waiting.nanos(priority),
              waiting.heldBytes() + bytes > mostHeldBytes);
    }
    return Admission.check(limits, ask, load);
  }

  private long runningNanos() {
    long now = System.nanoTime();
    long sum = 0;
    for (Batch run : running) {
      // Work that is late is about to end, as far as anybody knows.
      sum += Math.max(run.predictedNanos() - (now - run.startNanos()), run.predictedNanos() / 10);
    }
    return sum;
  }

  /**
   * What a call is told when it is accepted.
   *
   * @param ahead calls that wait before it
   * @param nanos predicted until it is done
   */
  record Place(int ahead, long nanos) {}

  /** Accepts a call, which does not wait yet. */
  synchronized Place accept(Job<?> call, Admission.Ask ask) throws ServiceException {
    Priority priority = call.terms.settings().priority();
    if (!call.terms.supervisor().keeps(call.terms.model())) {
      throw StopReason.MODEL.exception();
    }
    long wait = check(ask, priority, call.terms.heldBytes());
    Place place = new Place(waiting.calls(priority), wait + call.predictedNanos());
    call.sequence = sequence++;
    counts.accept();
    live.add(call);
    waiting.count(call);
    return place;
  }

  /** Lets an accepted call wait for its turn. */
  synchronized List<Job<?>> enqueue(Job<?> call) {
    List<Job<?>> settled = new ArrayList<>();
    if (call.stop != null) {
      waiting.remove(call);
      settle(call, call.stop.outcome(), settled);
    } else {
      call.stage = Job.Stage.WAITING;
      waiting.add(call);
      dispatch(settled);
    }
    return settled;
  }

  private void settle(Job<?> call, Outcome outcome, List<Job<?>> settled) {
    call.stage = Job.Stage.DONE;
    call.outcome = outcome;
    counts.end(outcome);
    settled.add(call);
  }

  /** Gives free workers to those whose turn it is. */
  private void dispatch(List<Job<?>> settled) {
    while (running.size() < limits.workers()) {
      Job<?> next = next(settled);
      if (next == null) {
        return;
      }
      long free = limits.memoryBytes() - reservedBytes;
      Batch run = Batch.choose(next, waiting, free, !draining);
      if (run.bytes() > free) {
        return;
      }
      start(run);
    }
  }

  /** The call whose turn it is; on the way, ends those that can no longer be done in time. */
  private Job<?> next(List<Job<?>> settled) {
    long now = System.nanoTime();
    List<Job<?>> late = new ArrayList<>();
    Job<?> found = null;
    for (Job<?> call : waiting) {
      if (call.terms.endNanos() - now <= call.leastNanos()) {
        late.add(call);
      } else if (call.terms.supervisor().takes(call.terms.model())) {
        found = call;
        break;
      }
    }
    for (Job<?> call : late) {
      waiting.remove(call);
      call.stop = StopReason.DEADLINE;
      settle(call, Outcome.EXPIRED, settled);
    }
    return found == null ? null : likeLast(found, now);
  }

  /**
   * A call of the size that was decoded last, before one of another size; that one where there is
   * none, or where it would come too late or has been overtaken often enough.
   */
  private Job<?> likeLast(Job<?> turn, long now) {
    if (!turn.terms.model().slowToChangeSize() || last == null || alike(turn, last)) {
      overtaken = 0;
      return turn;
    }
    if (overtaken < MOST_OVERTAKEN) {
      for (Job<?> call : waiting) {
        if (alike(call, last)
            && turn.terms.endNanos() - now > turn.predictedNanos() + call.predictedNanos()) {
          overtaken++;
          return call;
        }
      }
    }
    overtaken = 0;
    return turn;
  }

  /** Whether one follows on the other without a change of size; of a class, so that none loses. */
  private static boolean alike(Job<?> a, Job<?> b) {
    return a.kind() == b.kind()
        && a.terms.model() == b.terms.model()
        && a.terms.size().height() == b.terms.size().height()
        && a.terms.size().width() == b.terms.size().width()
        && a.terms.settings().priority() == b.terms.settings().priority();
  }

  private void start(Batch run) {
    for (Job<?> call : run.members()) {
      waiting.remove(call);
      call.stage = Job.Stage.RUNNING;
      call.startedNanos = run.startNanos();
      call.run = run;
      last = call;
    }
    running.add(run);
    reservedBytes += run.bytes();
    peakBytes = Math.max(peakBytes, reservedBytes);
    workers.accept(run);
  }

  /**
   * The worker is about to begin. Last look at the deadlines: nothing starts after its own.
   *
   * @return the members that still want a result
   */
  synchronized List<Job<?>> begin(Batch run) {
    long now = System.nanoTime();
    List<Job<?>> wanted = new ArrayList<>();
    for (Job<?> call : run.members()) {
      if (call.stop == null && call.terms.endNanos() - now <= 0) {
        call.stop = StopReason.DEADLINE;
      }
      if (call.stop == null) {
        wanted.add(call);
      }
    }
    return wanted;
  }

  /** The worker is done: nothing of the run is inside a model any more. */
  synchronized List<Job<?>> finish(Batch run) {
    List<Job<?>> settled = new ArrayList<>();
    running.remove(run);
    reservedBytes -= run.bytes();
    for (Job<?> call : run.members()) {
      if (call.stage == Job.Stage.RUNNING) {
        Outcome outcome = call.failure == null ? Outcome.COMPLETED : Outcome.FAILED;
        settle(call, call.stop == null ? outcome : call.stop.outcome(), settled);
      }
    }
    dispatch(settled);
    notifyAll();
    return settled;
  }

  /** Stops a call wherever it is. */
  List<Job<?>> stop(Job<?> call, StopReason reason) {
    Cancellation toThrow = null;
    List<Job<?>> settled = new ArrayList<>();
    synchronized (this) {
      if (call.stop != null || call.stage == Job.Stage.DONE) {
        return settled;
      }
      call.stop = reason;
      if (call.stage == Job.Stage.WAITING) {
        waiting.remove(call);
        settle(call, reason.outcome(), settled);
        dispatch(settled);
      } else if (call.stage == Job.Stage.RUNNING) {
        if (call.run.members().stream().allMatch(c -> c.stop != null)) {
          toThrow = call.run.cancellation();
        } else {
          // Others of its batch go on; it need not wait for them.
          settle(call, reason.outcome(), settled);
        }
      }
    }
    if (toThrow != null) {
      // Outside the lock: it runs the decoder's code.
      toThrow.cancel();
    }
    return settled;
  }

  /** A settled call has been told; it no longer exists. */
  synchronized void told(Job<?> call) {
    live.remove(call);
    notifyAll();
  }

  /** A model may take calls again. */
  synchronized List<Job<?>> modelChanged() {
    List<Job<?>> settled = new ArrayList<>();
    dispatch(settled);
    return settled;
  }

  /** Those that have not been told of their end. */
  synchronized List<Job<?>> live() {
    return List.copyOf(live);
  }

  /** Those of them that wait for this model. */
  synchronized List<Job<?>> waitingFor(LoadedModel model) {
    List<Job<?>> found = new ArrayList<>(live);
    found.removeIf(c -> c.terms.model() != model || c.run != null);
    return found;
  }

  /** Stops what runs for no call. */
  void stopTrials() {
    List<Batch> trials;
    synchronized (this) {
      trials = running.stream().filter(run -> run.trial().isPresent()).toList();
    }
    trials.forEach(run -> run.cancellation().cancel());
  }

  synchronized void reject() {
    counts.reject();
  }

  /** Accepts nothing from here on. */
  synchronized void beginDrain() {
    draining = true;
  }

  synchronized boolean draining() {
    return draining;
  }

  /**
   * Waits until every call has been told of its end.
   *
   * @return whether that is so
   */
  synchronized boolean awaitEmpty(Duration atMost) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.NANOSECONDS.convert(atMost);
    while (!live.isEmpty() || !running.isEmpty()) {
      if (end - System.nanoTime() <= 0) {
        return false;
      }
      TimeUnit.NANOSECONDS.timedWait(this, end - System.nanoTime());
    }
    return true;
  }

  /** Waits until no run is inside a model. */
  synchronized void awaitNoneInside(LoadedModel model) {
    boolean interrupted = false;
    while (running.stream().anyMatch(run -> run.model() == model)) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  synchronized Ledger ledger() {
    return counts.ledger();
  }

  /**
   * What is used at the moment.
   *
   * @param waiting calls in the queue
   * @param waitingNanos predicted work in the queue
   * @param workers busy ones
   * @param bytes reserved
   * @param peakBytes most that ever was
   * @param heldBytes heap that waiting calls hold
   * @param live calls that have not been told of their end
   */
  record Use(
      int waiting,
      long waitingNanos,
      int workers,
      long bytes,
      long peakBytes,
      long heldBytes,
      int live) {}

  synchronized Use use() {
    return new Use(
        waiting.calls(Priority.LOW),
        waiting.nanos(Priority.LOW),
        running.size(),
        reservedBytes,
        peakBytes,
        waiting.heldBytes(),
        live.size());
  }
}
