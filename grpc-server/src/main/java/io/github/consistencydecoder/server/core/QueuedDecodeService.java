package io.github.consistencydecoder.server.core;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The decode service: a bounded queue before a fixed number of lanes.
 *
 * <p>Owns its threads and the models it opens. Safe for use by several threads. After {@link
 * #close} calls are refused with {@code NOT_READY}; closing again waits as well. {@link #drain} and
 * {@code close} must not be called by a listener.
 */
public final class QueuedDecodeService implements DecodeService {
  private static final int MOST_STEPS = 64;

  private final ServiceLimits limits;
  private final List<ModelKeeper> keepers;
  private final Workload workload;
  private final ReadinessBoard board;
  private final ExecutorService lanes;
  private final ScheduledThreadPoolExecutor timers;
  private volatile boolean allClosed;

  QueuedDecodeService(QueuedDecodeServiceBuilder builder) {
    this.limits = builder.limits;
    this.lanes = Executors.newFixedThreadPool(limits.lanes(), threads("lane"));
    this.timers = new ScheduledThreadPoolExecutor(2, threads("timer"));
    timers.setRemoveOnCancelPolicy(true);
    this.workload =
        new Workload(limits, builder.mostHeldBytes, run -> lanes.execute(() -> perform(run)));
    this.board = new ReadinessBoard(this::found);
    ModelKeeper.Host host = new Host();
    this.keepers =
        builder.models.entrySet().stream()
            .map(e -> new ModelKeeper(e.getKey(), e.getValue(), host, builder.backoff.toNanos()))
            .toList();
  }

  /** Collects what a service is made of; not for use by several threads. */
  public static QueuedDecodeServiceBuilder builder() {
    return new QueuedDecodeServiceBuilder();
  }

  void start() {
    keepers.forEach(ModelKeeper::start);
  }

  private static java.util.concurrent.ThreadFactory threads(String name) {
    java.util.concurrent.atomic.AtomicInteger count =
        new java.util.concurrent.atomic.AtomicInteger();
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    return task -> {
      Thread thread = new Thread(task, "decode-" + name + "-" + count.incrementAndGet());
      thread.setDaemon(true);
      thread.setContextClassLoader(loader);
      return thread;
    };
  }

  @Override
  public List<ModelStatus> models() {
    return keepers.stream().map(ModelKeeper::status).toList();
  }

  @Override
  public ModelStatus model(String name) throws ServiceException {
    return keeper(name, CallKind.DECODE).status();
  }

  private ModelKeeper keeper(String name, CallKind kind) throws ServiceException {
    requireNonNull(name, "name");
    for (ModelKeeper keeper : keepers) {
      if (name.isEmpty()
          ? kind == CallKind.DECODE || keeper.encodes()
          : keeper.name().equals(name)) {
        if (kind == CallKind.ENCODE && !keeper.encodes()) {
          throw ServiceException.of(
              ServiceError.UNIMPLEMENTED, "model '" + keeper.name() + "' has no encoder");
        }
        return keeper;
      }
    }
    if (name.isEmpty()) {
      throw ServiceException.of(ServiceError.UNIMPLEMENTED, "no model here has an encoder");
    }
    throw ServiceException.of(
        ServiceError.NOT_FOUND,
        "there is no such model; there are "
            + String.join(", ", keepers.stream().map(ModelKeeper::name).toList()));
  }

  @Override
  public ServiceLimits limits() {
    return limits;
  }

  @Override
  public Readiness readiness() {
    return board.shown();
  }

  private Readiness found() {
    if (allClosed) {
      return Readiness.CLOSED;
    }
    if (workload.draining()) {
      return Readiness.DRAINING;
    }
    boolean starting = false;
    for (ModelKeeper keeper : keepers) {
      switch (keeper.phase()) {
        case READY -> {}
        case OPENING -> starting = true;
        case DOUBTED, BROKEN, CLOSED -> {
          return Readiness.BROKEN;
        }
      }
    }
    return starting ? Readiness.STARTING : Readiness.SERVING;
  }

  @Override
  public void onReadiness(Consumer<Readiness> listener) {
    board.listen(requireNonNull(listener, "listener"));
  }

  @Override
  public Ledger ledger() {
    return workload.ledger();
  }

  @Override
  public Prediction predict(String model, DecodeSize size) throws ServiceException {
    return predict(CallKind.DECODE, ready(keeper(model, CallKind.DECODE)), size);
  }

  private OpenModel ready(ModelKeeper keeper) throws ServiceException {
    if (workload.draining()) {
      throw StopReason.DRAIN.exception();
    }
    return keeper
        .ready()
        .orElseThrow(
            () ->
                ServiceException.retry(
                    ServiceError.NOT_READY,
                    "model '" + keeper.name() + "' is not ready: " + keeper.status().reason(),
                    Duration.ofSeconds(2)));
  }

  private Prediction predict(CallKind kind, OpenModel model, DecodeSize size)
      throws ServiceException {
    checkSize(size);
    Prediction prediction = model.predict(kind, size);
    if (prediction.peakBytes() > limits.memoryBytes()) {
      throw tooLarge(prediction.peakBytes(), "bytes of memory", limits.memoryBytes());
    }
    long most = limits.maxTime().toNanos();
    if (model.speed(kind).least(prediction.operations()) > most) {
      throw tooLarge(seconds(prediction.nanos()), "seconds", seconds(most));
    }
    return prediction;
  }

  private static long seconds(long nanos) {
    return TimeUnit.NANOSECONDS.toSeconds(nanos);
  }

  private void checkSize(DecodeSize size) throws ServiceException {
    if (size.batch() < 1 || size.height() < 1 || size.width() < 1) {
      throw ServiceException.invalid(
          "latents.tensor.shape",
          "a batch of "
              + size.batch()
              + " latents of "
              + size.height()
              + "x"
              + size.width()
              + " cells: each must be at least 1");
    }
    if (size.steps() < 1 || size.steps() > MOST_STEPS) {
      throw ServiceException.invalid(
          "timesteps", size.steps() + " steps: 1 to " + MOST_STEPS + " are possible");
    }
    // In floating point: a hostile shape would overflow.
    double pixels = 64.0 * size.batch() * size.height() * size.width();
    if (pixels > limits.maxPixels()) {
      throw tooLarge((long) pixels, "pixels", limits.maxPixels());
    }
    if (size.batch() > limits.maxBatch()) {
      throw tooLarge(size.batch(), "pictures", limits.maxBatch());
    }
  }

  private static ServiceException tooLarge(long need, String unit, long limit) {
    return ServiceException.of(
        ServiceError.TOO_LARGE, "the call needs " + need + " " + unit + ", the limit is " + limit);
  }

  @Override
  public void checkAdmission(CallSettings settings, DecodeSize size) throws ServiceException {
    try {
      OpenModel model = ready(keeper(settings.model(), CallKind.DECODE));
      Prediction prediction = predict(CallKind.DECODE, model, size);
      long now = System.nanoTime();
      AdmissionRule.Ask ask =
          ask(settings, CallKind.DECODE, model, prediction, end(settings, now) - now);
      workload.check(ask, settings.priority(), 16L * size.batch() * size.height() * size.width());
    } catch (ServiceException e) {
      workload.reject();
      throw e;
    }
  }

  private static AdmissionRule.Ask ask(
      CallSettings settings, CallKind kind, OpenModel model, Prediction prediction, long left) {
    return new AdmissionRule.Ask(
        prediction,
        model.speed(kind).least(prediction.operations()),
        left,
        settings.deadlineNanos().isPresent());
  }

  private long end(CallSettings settings, long now) {
    long most = limits.maxTime().toNanos();
    OptionalLong deadline = settings.deadlineNanos();
    // By differences: the clock may have any origin.
    return deadline.isPresent() && deadline.getAsLong() - now < most
        ? deadline.getAsLong()
        : now + most;
  }

  @Override
  public Ticket decode(
      CallSettings settings,
      Latents latents,
      DecodeOptions options,
      CallListener<DecodeResult> listener)
      throws ServiceException {
    requireNonNull(options, "options");
    requireNonNull(listener, "listener");
    DecodeSize size =
        new DecodeSize(
            latents.batch(),
            latents.height(),
            latents.width(),
            options.schedule().timesteps().size());
    return submit(
        settings,
        CallKind.DECODE,
        size,
        DecodeCall.heldBytes(latents, options),
        terms -> new DecodeCall(terms, latents, options, listener));
  }

  @Override
  public Ticket encode(CallSettings settings, Pixels pixels, CallListener<EncodeResult> listener)
      throws ServiceException {
    requireNonNull(listener, "listener");
    if (pixels.height() % Latents.PIXELS_PER_CELL != 0
        || pixels.width() % Latents.PIXELS_PER_CELL != 0) {
      workload.reject();
      throw ServiceException.invalid(
          "pictures", pixels + ": both sides must be multiples of " + Latents.PIXELS_PER_CELL);
    }
    DecodeSize size =
        new DecodeSize(
            pixels.batch(),
            pixels.height() / Latents.PIXELS_PER_CELL,
            pixels.width() / Latents.PIXELS_PER_CELL,
            1);
    return submit(
        settings,
        CallKind.ENCODE,
        size,
        12L * pixels.batch() * pixels.height() * pixels.width(),
        terms -> new EncodeCall(terms, pixels, listener));
  }

  private Ticket submit(
      CallSettings settings,
      CallKind kind,
      DecodeSize size,
      long heldBytes,
      java.util.function.Function<Call.Terms, Call<?>> maker)
      throws ServiceException {
    Call<?> call;
    Workload.Place place;
    try {
      ModelKeeper keeper = keeper(settings.model(), kind);
      OpenModel model = ready(keeper);
      Prediction prediction = predict(kind, model, size);
      long now = System.nanoTime();
      long end = end(settings, now);
      call =
          maker.apply(
              new Call.Terms(settings, keeper, model, size, prediction, now, end, heldBytes));
      place = workload.accept(call, ask(settings, kind, model, prediction, end - now));
    } catch (ServiceException e) {
      workload.reject();
      throw e;
    }
    Listeners.tell(() -> call.listener.accepted(place.ahead(), place.nanos()));
    call.timer =
        timers.schedule(
            () -> tellHere(workload.stop(call, StopReason.DEADLINE)),
            Math.max(0, call.terms.endNanos() - System.nanoTime()),
            TimeUnit.NANOSECONDS);
    tellLater(workload.enqueue(call));
    return () -> tellLater(workload.stop(call, StopReason.CALLER));
  }

  /** On a lane. */
  private void perform(Run run) {
    if (workload.begins(run)) {
      long start = System.nanoTime();
      try {
        run.members().get(0).perform(run);
        observe(run, System.nanoTime() - start);
      } catch (Throwable e) {
        failed(run, e, System.nanoTime() - start);
      }
    }
    tellHere(workload.finish(run));
  }

  private static void observe(Run run, long nanos) {
    Call<?> first = run.members().get(0);
    run.model().speed(first.kind).observe(first.terms.prediction().operations(), nanos);
  }

  private void failed(Run run, Throwable failure, long nanos) {
    if (run.cancellation().isCancelled()) {
      // What was asked for, whatever it says. The time is a lower bound of what it takes.
      if (run.members().stream().anyMatch(c -> c.stop == StopReason.DEADLINE)) {
        observe(run, nanos);
      }
      return;
    }
    ServiceException outside = Failures.outside(failure);
    for (Call<?> call : run.members()) {
      call.failure = outside;
    }
    if (Failures.castsDoubt(failure)) {
      run.members().get(0).terms.keeper().doubt(run.model());
    }
  }

  private void tellLater(List<Call<?>> settled) {
    if (!settled.isEmpty()) {
      timers.execute(() -> tellHere(settled));
    }
  }

  private void tellHere(List<Call<?>> settled) {
    for (Call<?> call : settled) {
      tell(call);
    }
  }

  private <R> void tell(Call<R> call) {
    java.util.concurrent.Future<?> timer = call.timer;
    if (timer != null) {
      timer.cancel(false);
    }
    try {
      if (call.outcome == Outcome.COMPLETED) {
        Listeners.tell(() -> call.listener.completed(call.result));
      } else {
        Listeners.tell(() -> call.listener.failed(call.failure));
      }
    } finally {
      workload.told(call);
    }
  }

  @Override
  public void drain(Duration grace) throws InterruptedException {
    workload.beginDrain();
    board.update();
    if (!workload.awaitEmpty(grace)) {
      stopAll(StopReason.DRAIN);
      workload.awaitEmpty(Duration.ofNanos(Long.MAX_VALUE));
    }
  }

  private void stopAll(StopReason reason) {
    for (Call<?> call : workload.live()) {
      tellLater(workload.stop(call, reason));
    }
  }

  @Override
  public void close() {
    workload.beginDrain();
    board.update();
    stopAll(StopReason.DRAIN);
    keepers.forEach(ModelKeeper::close);
    boolean interrupted = false;
    while (true) {
      try {
        if (workload.awaitEmpty(Duration.ofNanos(Long.MAX_VALUE))) {
          break;
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    keepers.forEach(ModelKeeper::join);
    lanes.shutdown();
    timers.shutdown();
    allClosed = true;
    board.update();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** What the keepers of the models ask for. */
  private final class Host implements ModelKeeper.Host {
    @Override
    public void phaseChanged(ModelKeeper keeper) {
      board.update();
      tellLater(workload.modelChanged());
    }

    @Override
    public void retire(OpenModel model) {
      for (Call<?> call : workload.waitingFor(model)) {
        tellLater(workload.stop(call, StopReason.MODEL));
      }
      workload.awaitNoneInside(model);
    }

    @Override
    public void goldenFailed(ModelKeeper keeper) {}
  }
}
