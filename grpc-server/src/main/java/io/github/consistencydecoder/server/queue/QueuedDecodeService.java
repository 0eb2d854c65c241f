package io.github.consistencydecoder.server.queue;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.server.models.LoadedModel;
import io.github.consistencydecoder.server.models.ModelSelfCheck.SelfCheckStore;
import io.github.consistencydecoder.server.models.ModelStatus;
import io.github.consistencydecoder.server.models.ModelSupervisor;
import io.github.consistencydecoder.server.queue.DecodeService.CallListener;
import io.github.consistencydecoder.server.queue.DecodeService.DecodeResult;
import io.github.consistencydecoder.server.queue.DecodeService.EncodeResult;
import io.github.consistencydecoder.server.queue.DecodeService.JobHandle;
import io.github.consistencydecoder.server.queue.Job.StopReason;
import io.github.consistencydecoder.server.queue.Readiness.ReadinessBoard;
import io.github.consistencydecoder.server.request.CallSettings;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.DecodeSize.CallKind;
import io.github.consistencydecoder.server.request.DecodeSize.Prediction;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.ServiceLimits;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The decode service: a bounded queue before a fixed number of workers.
 *
 * <p>Owns its threads and the models it opens. Safe for use by several threads. After {@link
 * #close} calls are refused with {@code NOT_READY}; closing again waits as well. {@link #drain} and
 * {@code close} must not be called by a listener.
 */
public final class QueuedDecodeService implements DecodeService {
  private static final Duration FOR_EVER = Duration.ofNanos(Long.MAX_VALUE);

  private final ServiceLimits limits;
  private final List<ModelSupervisor> supervisors;
  private final Admission admission;
  private final JobQueue queue;
  private final Worker worker;
  private final ReadinessBoard board;
  private final ServiceMeters meters;
  private final RequestLog log;
  private final ExecutorService workers;
  private final ScheduledThreadPoolExecutor timers;
  private volatile boolean allClosed;

  QueuedDecodeService(QueuedDecodeServiceBuilder builder) {
    this.limits = builder.limits;
    this.workers = Executors.newFixedThreadPool(limits.workers(), threads("worker"));
    this.timers = new ScheduledThreadPoolExecutor(2, threads("timer"));
    timers.setRemoveOnCancelPolicy(true);
    this.queue =
        new JobQueue(
            limits,
            builder.mostHeldBytes,
            builder.counts,
            run -> workers.execute(() -> perform(run)));
    this.worker = new Worker(queue);
    this.board = new ReadinessBoard(this::found);
    this.meters = new ServiceMeters(builder.meters);
    this.log = new RequestLog(builder.requests);
    ModelSupervisor.Host host = new Host();
    ModelSupervisor.Terms terms =
        new ModelSupervisor.Terms(
            new SelfCheckStore(builder.stateFolder),
            builder.warmUp,
            builder.backoff,
            builder.mostJoined);
    this.supervisors =
        builder.models.entrySet().stream()
            .map(e -> new ModelSupervisor(e.getKey(), e.getValue(), host, terms))
            .toList();
    this.admission = new Admission(limits, supervisors);
    meters.watch(queue, supervisors, limits);
  }

  /** Collects what a service is made of. */
  public static QueuedDecodeServiceBuilder builder() {
    return new QueuedDecodeServiceBuilder();
  }

  void start() {
    supervisors.forEach(ModelSupervisor::start);
  }

  private static ThreadFactory threads(String name) {
    AtomicInteger count = new AtomicInteger();
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    return task -> {
      // Platform threads: a run of the native runtime would pin a virtual one to its carrier.
      Thread thread = new Thread(task, "decode-" + name + "-" + count.incrementAndGet());
      thread.setDaemon(true);
      thread.setContextClassLoader(loader);
      return thread;
    };
  }

  @Override
  public List<ModelStatus> models() {
    return supervisors.stream().map(ModelSupervisor::status).toList();
  }

  @Override
  public ModelStatus model(String name) throws ServiceException {
    return admission.supervisor(name, CallKind.DECODE).status();
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
    if (queue.draining()) {
      return Readiness.DRAINING;
    }
    if (supervisors.stream().anyMatch(k -> k.phase() == ModelSupervisor.Phase.LOST)) {
      return Readiness.LOST;
    }
    boolean opening = false;
    for (ModelSupervisor supervisor : supervisors) {
      switch (supervisor.phase()) {
        case READY -> {}
        case OPENING -> opening = true;
        case DOUBTED, BROKEN, LOST, CLOSED -> {
          return Readiness.BROKEN;
        }
      }
    }
    return opening ? Readiness.STARTING : Readiness.SERVING;
  }

  @Override
  public void onReadiness(Consumer<Readiness> listener) {
    board.listen(requireNonNull(listener, "listener"));
  }

  @Override
  public Ledger ledger() {
    return queue.ledger();
  }

  /** What is used at the moment. */
  JobQueue.Use use() {
    return queue.use();
  }

  @Override
  public Prediction predict(String model, DecodeSize size) throws ServiceException {
    return admission.predict(open(admission.supervisor(model, size.kind())), size);
  }

  private LoadedModel open(ModelSupervisor supervisor) throws ServiceException {
    if (queue.draining()) {
      throw StopReason.DRAIN.exception();
    }
    return admission.open(supervisor);
  }

  @Override
  public void checkAdmission(CallSettings settings, DecodeSize size) throws ServiceException {
    try {
      LoadedModel model = open(admission.supervisor(settings.model(), size.kind()));
      Prediction prediction = admission.predict(model, size);
      long now = System.nanoTime();
      queue.check(
          admission.ask(
              settings, size.kind(), model, prediction, admission.end(settings, now) - now),
          settings.priority(),
          latentBytes(size));
    } catch (ServiceException e) {
      throw rejected(settings, size, e);
    }
  }

  private static long latentBytes(DecodeSize size) {
    return 4L * Latents.CHANNELS * size.batch() * size.height() * size.width();
  }

  private ServiceException rejected(CallSettings settings, DecodeSize size, ServiceException why) {
    queue.reject();
    meters.rejected(size.kind(), why.error());
    log.rejected(settings, admission.name(settings.model(), size.kind()), size, why);
    return why;
  }

  @Override
  public LatentDecoder start(String name, String model) throws ServiceException {
    ModelSupervisor supervisor = admission.supervisor(name, CallKind.DECODE);
    LoadedModel starting = open(supervisor);
    return StartDecoder.of(
        supervisor, starting.info(), open(admission.supervisor(model, CallKind.DECODE)).info());
  }

  @Override
  public JobHandle decode(
      CallSettings settings,
      Latents latents,
      DecodeOptions options,
      CallListener<DecodeResult> listener)
      throws ServiceException {
    requireNonNull(options, "options");
    requireNonNull(listener, "listener");
    DecodeSize size =
        new DecodeSize(
            CallKind.DECODE,
            latents.batch(),
            latents.height(),
            latents.width(),
            options.schedule().timesteps().size(),
            options.tiling());
    return submit(
        settings,
        size,
        DecodeJob.heldBytes(latents, options),
        (model, asked) -> admission.predict(model, asked, options),
        terms -> new DecodeJob(terms, latents, options, listener));
  }

  @Override
  public JobHandle encode(CallSettings settings, Pixels pixels, CallListener<EncodeResult> listener)
      throws ServiceException {
    requireNonNull(listener, "listener");
    int cell = Latents.PIXELS_PER_CELL;
    DecodeSize size =
        DecodeSize.ofEncoding(pixels.batch(), pixels.height() / cell, pixels.width() / cell);
    if (pixels.height() % cell != 0 || pixels.width() % cell != 0) {
      throw rejected(
          settings,
          size,
          ServiceException.invalid(
              "pictures", pixels + ": both sides must be multiples of " + cell));
    }
    return submit(
        settings,
        size,
        4L * pixels.values().remaining(),
        admission::predict,
        terms -> new Job.EncodeJob(terms, pixels, listener));
  }

  /** What a call will cost. */
  @FunctionalInterface
  private interface Predictor {
    Prediction predict(LoadedModel model, DecodeSize size) throws ServiceException;
  }

  private JobHandle submit(
      CallSettings settings,
      DecodeSize size,
      long heldBytes,
      Predictor predictor,
      Function<Job.Terms, Job<?>> maker)
      throws ServiceException {
    Job<?> call;
    JobQueue.Place place;
    try {
      ModelSupervisor supervisor = admission.supervisor(settings.model(), size.kind());
      LoadedModel model = open(supervisor);
      Prediction prediction = predictor.predict(model, size);
      long now = System.nanoTime();
      long end = admission.end(settings, now);
      boolean joins = model.trials().most() > 1;
      call =
          maker.apply(
              new Job.Terms(
                  settings, supervisor, model, size, prediction, now, end, heldBytes, joins));
      place =
          queue.accept(call, admission.ask(settings, size.kind(), model, prediction, end - now));
    } catch (ServiceException e) {
      throw rejected(settings, size, e);
    }
    Job.tell(() -> call.listener.accepted(place.ahead(), place.nanos()));
    call.timer =
        timers.schedule(
            () -> tell(queue.stop(call, StopReason.DEADLINE)),
            Math.max(0, call.terms.endNanos() - System.nanoTime()),
            TimeUnit.NANOSECONDS);
    tellLater(queue.enqueue(call));
    return () -> tellLater(queue.stop(call, StopReason.CALLER));
  }

  private void perform(Batch run) {
    worker.perform(run);
    tell(queue.finish(run));
  }

  /** Not on the thread that asked: it may hold locks of its own. */
  private void tellLater(List<Job<?>> settled) {
    if (!settled.isEmpty()) {
      timers.execute(() -> tell(settled));
    }
  }

  private void tell(List<Job<?>> settled) {
    for (Job<?> call : settled) {
      Future<?> timer = call.timer;
      if (timer != null) {
        timer.cancel(false);
      }
      try {
        long nanos = System.nanoTime() - call.terms.acceptedNanos();
        Job.tell(() -> meters.ended(call, nanos));
        Job.tell(() -> log.ended(call, nanos));
        call.tellEnd();
      } finally {
        queue.told(call);
      }
    }
  }

  @Override
  public void drain(Duration grace) throws InterruptedException {
    queue.beginDrain();
    board.update();
    queue.stopTrials();
    if (!queue.awaitEmpty(grace)) {
      stopAll();
      boolean unused = queue.awaitEmpty(FOR_EVER);
    }
  }

  private void stopAll() {
    queue.stopTrials();
    for (Job<?> call : queue.live()) {
      tellLater(queue.stop(call, StopReason.DRAIN));
    }
  }

  @Override
  public void close() {
    queue.beginDrain();
    board.update();
    supervisors.forEach(ModelSupervisor::close);
    stopAll();
    awaitEmpty();
    supervisors.forEach(ModelSupervisor::join);
    workers.shutdown();
    timers.shutdown();
    allClosed = true;
    board.update();
  }

  private void awaitEmpty() {
    boolean interrupted = false;
    boolean empty = false;
    while (!empty) {
      try {
        empty = queue.awaitEmpty(FOR_EVER);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** What the supervisors of the models ask for. */
  private final class Host implements ModelSupervisor.Host {
    @Override
    public void phaseChanged(ModelSupervisor supervisor) {
      board.update();
      tellLater(queue.modelChanged());
    }

    @Override
    public void retire(LoadedModel model) {
      for (Job<?> call : queue.waitingFor(model)) {
        tellLater(queue.stop(call, StopReason.MODEL));
      }
      queue.awaitNoneInside(model);
    }

    @Override
    public void goldenFailed(ModelSupervisor supervisor) {
      meters.goldenFailed(supervisor.name());
    }
  }
}
