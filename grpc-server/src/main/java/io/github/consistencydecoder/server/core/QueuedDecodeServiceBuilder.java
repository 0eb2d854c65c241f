package io.github.consistencydecoder.server.core;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** Collects what a {@link QueuedDecodeService} is made of; not for use by several threads. */
public final class QueuedDecodeServiceBuilder {
  final Map<String, ModelSource> models = new LinkedHashMap<>();
  ServiceLimits limits = ServiceLimits.defaults();
  Duration backoff = Duration.ofSeconds(1);
  long mostHeldBytes = Runtime.getRuntime().maxMemory() / 4;

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
