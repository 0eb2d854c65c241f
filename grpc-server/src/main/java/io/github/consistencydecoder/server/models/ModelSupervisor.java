package io.github.consistencydecoder.server.models;

import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Schedule;
import io.github.consistencydecoder.server.models.ModelSelfCheck.SelfCheckException;
import io.github.consistencydecoder.server.models.ModelSelfCheck.SelfCheckStore;
import io.github.consistencydecoder.server.request.DecodeSize;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one model open: opens it on a thread of its own, lets it be used only after a test picture
 * came out right, tests again when a run failed, and opens it anew if the test fails.
 */
public final class ModelSupervisor {
  private static final Logger LOG = LoggerFactory.getLogger(ModelSupervisor.class);
  private static final long LONGEST_BACKOFF_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** Where a model is. */
  public enum Phase {
    /** Being opened for the first time. */
    OPENING,
    /** In use. */
    READY,
    /** A run failed; a test picture decides. */
    DOUBTED,
    /** Being opened again, or waiting for that. */
    BROKEN,
    /** Its device failed for good: not to be opened again by this process. */
    LOST,
    /** For ever. */
    CLOSED
  }

  /** What the supervisor tells the service. */
  public interface Host {
    /** A phase has changed; any thread. */
    void phaseChanged(ModelSupervisor supervisor);

    /** No call may enter this model again: ends those that wait and returns when none is inside. */
    void retire(LoadedModel model);

    /** A test picture was wrong. */
    void goldenFailed(ModelSupervisor supervisor);
  }

  /**
   * How models are kept.
   *
   * @param golden test pictures of earlier times
   * @param warmUp shapes that are decoded once before use
   * @param firstBackoff until a model that failed to open is tried again; doubled each time
   * @param mostJoined pictures that may be decoded as one batch
   */
  public record Terms(
      SelfCheckStore golden, List<DecodeSize> warmUp, Duration firstBackoff, int mostJoined) {}

  private record State(Phase phase, String reason, LoadedModel model) {}

  private final String name;
  private final ModelSource source;
  private final Host host;
  private final Terms terms;
  private final LoadedModel.Speeds speeds = new LoadedModel.Speeds();
  private final Cancellation closing = new Cancellation();
  private final Thread thread;
  private boolean mustTry;

  /** Only the supervisor's own thread knows. */
  private boolean lost;

  private volatile State state = new State(Phase.OPENING, "it is being opened", null);

  public ModelSupervisor(String name, ModelSource source, Host host, Terms terms) {
    this.name = name;
    this.source = source;
    this.host = host;
    this.terms = terms;
    this.thread = new Thread(this::keep, "model-" + name);
    this.thread.setDaemon(true);
    this.thread.setContextClassLoader(Thread.currentThread().getContextClassLoader());
  }

  public void start() {
    thread.start();
  }

  public String name() {
    return name;
  }

  public boolean encodes() {
    return source.encodes();
  }

  public Phase phase() {
    return state.phase();
  }

  public ModelStatus status() {
    State s = state;
    return new ModelStatus(
        name,
        Optional.ofNullable(s.model()).map(LoadedModel::info),
        s.phase() == Phase.READY,
        s.phase() == Phase.READY ? "" : s.reason(),
        encodes());
  }

  /** The model, if it can be used now. */
  public Optional<LoadedModel> ready() {
    State s = state;
    return s.phase() == Phase.READY ? Optional.of(s.model()) : Optional.empty();
  }

  /** Whether runs may enter this very model now. */
  public boolean takes(LoadedModel model) {
    State s = state;
    return s.phase() == Phase.READY && s.model() == model;
  }

  /** Whether calls for this very model may wait. */
  public boolean keeps(LoadedModel model) {
    State s = state;
    return (s.phase() == Phase.READY || s.phase() == Phase.DOUBTED) && s.model() == model;
  }

  /** A run of this model failed in a way that a sound model does not. */
  public void doubt(LoadedModel model) {
    synchronized (this) {
      if (!takes(model)) {
        return;
      }
      state = new State(Phase.DOUBTED, "a decode failed, it is being tried", model);
    }
    // First everybody hears of it, however soon the trial is over.
    host.phaseChanged(this);
    synchronized (this) {
      mustTry = true;
      notifyAll();
    }
  }

  /** Stops opening and testing; {@link #join} waits for the end. */
  public void close() {
    closing.cancel();
    synchronized (this) {
      notifyAll();
    }
  }

  /** Waits until the model is closed. */
  public void join() {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void keep() {
    long first = terms.firstBackoff().toNanos();
    long backoff = first;
    while (!closing.isCancelled() && !lost) {
      LoadedModel model = open();
      if (model != null) {
        backoff = first;
        use(model);
      } else if (!lost) {
        awaitDoubt(backoff);
        backoff = Math.min(2 * backoff, LONGEST_BACKOFF_NANOS);
      }
    }
    become(
        lost
            ? new State(Phase.LOST, "its device is lost; the service has to be started again", null)
            : new State(Phase.CLOSED, "the service is closed", null));
  }

  /** Opens and tests; null, with a reason told, if it cannot be used. */
  private LoadedModel open() {
    LoadedModel model = null;
    try {
      LatentDecoder decoder = source.openDecoder();
      Optional<LatentEncoder> encoder;
      try {
        encoder = source.openEncoder();
      } catch (RuntimeException | Error e) {
        decoder.close();
        throw e;
      }
      model = new LoadedModel(decoder, encoder, speeds, new BatchTrials(terms.mostJoined()));
      test(model);
      warmUp(model);
      LoadedModel tested = model;
      model = null;
      return tested;
    } catch (SelfCheckException e) {
      LOG.error("model {} is not used: {}", name, e.getMessage());
      host.goldenFailed(this);
      broken(e.getMessage());
    } catch (RuntimeException | Error e) {
      lost = Failures.losesDevice(e);
      if (!closing.isCancelled()) {
        broken(Failures.reason(e));
      }
    } finally {
      if (model != null) {
        closeQuietly(model);
      }
    }
    return null;
  }

  private void broken(String reason) {
    become(new State(Phase.BROKEN, reason, null));
  }

  /** Serves until the service closes or the model fails its test. */
  private void use(LoadedModel model) {
    boolean sound = true;
    boolean doubtedBefore = false;
    while (sound && !closing.isCancelled()) {
      long workedBefore = model.timesWorked();
      become(new State(Phase.READY, "", model));
      awaitDoubt(Long.MAX_VALUE);
      if (!closing.isCancelled()) {
        // One that passes its test and yet does no work is not sound either; the first failure may
        // have been the request's fault.
        sound = passes(model) && (!doubtedBefore || model.timesWorked() > workedBefore);
        doubtedBefore = true;
      }
    }
    if (!closing.isCancelled()) {
      become(new State(Phase.BROKEN, "it is being opened again", null));
    }
    host.retire(model);
    closeQuietly(model);
  }

  private boolean passes(LoadedModel model) {
    try {
      test(model);
      return true;
    } catch (SelfCheckException e) {
      LOG.error("model {} is opened again: {}", name, e.getMessage());
      host.goldenFailed(this);
    } catch (RuntimeException | Error e) {
      lost = Failures.losesDevice(e);
      if (!closing.isCancelled()) {
        LOG.error(lost ? "model {} has lost its device" : "model {} is opened again", name, e);
        host.goldenFailed(this);
      }
    }
    return false;
  }

  private void test(LoadedModel model) throws SelfCheckException {
    Decoded first = ModelSelfCheck.decode(model, closing);
    ModelSelfCheck.judge(first.pixels());
    long start = System.nanoTime();
    Decoded second = ModelSelfCheck.decode(model, closing);
    long nanos = System.nanoTime() - start;
    ModelSelfCheck.same(
        first.pixels().values(),
        second.pixels().values(),
        model.exact() ? 0 : ModelSelfCheck.TOLERANCE,
        "two decodes of the test picture differ");
    terms.golden().check(model.info(), first.pixels().values());
    model.observe(ModelSelfCheck.SIZE, nanos);
    if (model.encoder().isPresent()) {
      testEncoder(model, second);
    }
  }

  private void warmUp(LoadedModel model) {
    for (DecodeSize size : terms.warmUp()) {
      DecodeOptions options =
          DecodeOptions.builder()
              .schedule(Schedule.steps(size.steps()))
              .cancellation(closing)
              .build();
      Latents latents = ModelSelfCheck.latents(size.batch(), size.height(), size.width());
      long nanos = Long.MAX_VALUE;
      // The first use of a shape is slow and says little of those that follow.
      for (int repeat = 0; repeat < 2; repeat++) {
        long start = System.nanoTime();
        Decoded unused = model.decoder().decode(latents, options);
        nanos = Math.min(nanos, System.nanoTime() - start);
      }
      model.observe(size, nanos);
    }
  }

  private void testEncoder(LoadedModel model, Decoded picture) throws SelfCheckException {
    long start = System.nanoTime();
    Latents latents = model.encoder().orElseThrow().encode(picture.pixels(), closing);
    long nanos = System.nanoTime() - start;
    if (latents.height() != 8 || latents.width() != 8 || latents.statistics().nonFinite() > 0) {
      throw new SelfCheckException(
          "the test picture was not encoded to finite latents of its size");
    }
    model.observe(DecodeSize.ofEncoding(1, 8, 8), nanos);
  }

  private void become(State next) {
    synchronized (this) {
      state = next;
    }
    host.phaseChanged(this);
  }

  /** Waits until the model is doubted or the service closes, or for so long. */
  private synchronized void awaitDoubt(long nanos) {
    long end = System.nanoTime() + nanos;
    boolean interrupted = false;
    while (!mustTry && !closing.isCancelled() && end - System.nanoTime() > 0) {
      try {
        TimeUnit.NANOSECONDS.timedWait(this, end - System.nanoTime());
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    mustTry = false;
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void closeQuietly(LoadedModel model) {
    try {
      model.close();
    } catch (RuntimeException e) {
      LOG.error("model {} could not be closed", name, e);
    }
  }
}
