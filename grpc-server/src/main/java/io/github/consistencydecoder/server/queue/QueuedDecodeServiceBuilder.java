package io.github.consistencydecoder.server.queue;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.server.models.ModelSource;
import io.github.consistencydecoder.server.queue.Ledger.Counts;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.ServiceLimits;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Collects what a {@link QueuedDecodeService} is made of; not for use by several threads. */
public final class QueuedDecodeServiceBuilder {
  final Map<String, ModelSource> models = new LinkedHashMap<>();
  ServiceLimits limits = ServiceLimits.defaults();
  Duration backoff = Duration.ofSeconds(1);
  int mostJoined = 8;
  long mostHeldBytes = Runtime.getRuntime().maxMemory() / 4;
  MeterRegistry meters = new SimpleMeterRegistry();
  Optional<Path> stateFolder = Optional.empty();
  List<DecodeSize> warmUp = List.of();
  Counts counts = new Counts();
  Logger requests = LoggerFactory.getLogger(RequestLog.NAME);

  QueuedDecodeServiceBuilder() {}

  /**
   * One more model.
   *
   * @param name on the wire, {@code [a-z0-9_.-]+}, not used yet
   */
  public QueuedDecodeServiceBuilder model(String name, ModelSource source) {
    requireNonNull(source, "source");
    if (!name.matches("[a-z0-9_.-]+")) {
      throw new IllegalArgumentException(
          "model name '" + name + "': lower-case letters, digits, '_', '.' and '-' are possible");
    }
    if (models.putIfAbsent(name, source) != null) {
      throw new IllegalArgumentException("two models are named '" + name + "'");
    }
    return this;
  }

  /** What is taken; {@link ServiceLimits#defaults()} otherwise. */
  public QueuedDecodeServiceBuilder limits(ServiceLimits limits) {
    this.limits = requireNonNull(limits, "limits");
    return this;
  }

  /** Time between a failure to open a model and the next try, doubled each time; 1 s otherwise. */
  public QueuedDecodeServiceBuilder backoff(Duration first) {
    this.backoff = requireNonNull(first, "first");
    return this;
  }

  /**
   * Largest number of small pictures that wait and may be decoded as one batch; 1 for never, 8
   * otherwise. Happens only where a trial showed that each comes out as it does alone, and sooner.
   */
  public QueuedDecodeServiceBuilder mostJoined(int pictures) {
    if (pictures < 1) {
      throw new IllegalArgumentException("a batch has at least 1 picture, not " + pictures);
    }
    this.mostJoined = pictures;
    return this;
  }

  /** Heap that waiting calls may hold together; a quarter of all otherwise. */
  public QueuedDecodeServiceBuilder mostHeldBytes(long bytes) {
    this.mostHeldBytes = bytes;
    return this;
  }

  /** Where metrics go; nowhere otherwise. */
  public QueuedDecodeServiceBuilder meters(MeterRegistry meters) {
    this.meters = requireNonNull(meters, "meters");
    return this;
  }

  /** Where test pictures are remembered from start to start; nowhere otherwise. */
  public QueuedDecodeServiceBuilder stateFolder(Path folder) {
    this.stateFolder = Optional.of(folder);
    return this;
  }

  /** Shapes that every model decodes before it serves; none otherwise. */
  public QueuedDecodeServiceBuilder warmUp(List<DecodeSize> sizes) {
    this.warmUp = List.copyOf(sizes);
    return this;
  }

  /** What counts; a service has its own. */
  QueuedDecodeServiceBuilder counts(Counts counts) {
    this.counts = counts;
    return this;
  }

  /** Where the line of each request goes. */
  QueuedDecodeServiceBuilder requests(Logger logger) {
    this.requests = logger;
    return this;
  }

  /**
   * Begins to open the models and returns at once.
   *
   * @throws IllegalStateException if no model was named
   */
  public QueuedDecodeService start() {
    if (models.isEmpty()) {
      throw new IllegalStateException("a service needs at least one model, none was named");
    }
    QueuedDecodeService service = new QueuedDecodeService(this);
    service.start();
    return service;
  }
}
