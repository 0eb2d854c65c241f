package io.github.consistencydecoder.server.queue;

import static io.github.consistencydecoder.server.fixtures.Fixtures.call;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.fixtures.Fixtures.WaitingListener;
import io.github.consistencydecoder.server.queue.DecodeService.DecodeResult;
import io.github.consistencydecoder.server.queue.DecodeService.JobHandle;
import io.github.consistencydecoder.server.request.CallSettings;
import io.github.consistencydecoder.server.request.CallSettings.Priority;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.testing.FakeDecoder;
import io.github.consistencydecoder.testing.SampleLatents;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.event.LoggingEvent;
import org.slf4j.helpers.AbstractLogger;
import org.slf4j.spi.LoggingEventAware;

class ObservabilityTest {
  private final FakeDecoder.Controls controls = new FakeDecoder.Controls();
  private final PrometheusMeterRegistry meters =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Lines lines = new Lines();

  private void load() throws Exception {
    try (QueuedDecodeService service =
        Fixtures.builder(controls).meters(meters).requests(lines).start()) {
      Fixtures.awaitServing(service);
      WaitingListener<DecodeResult> done = new WaitingListener<>();
      JobHandle unused =
          service.decode(
              call(),
              SampleLatents.scaled(1, 1, 8, 8),
              DecodeOptions.builder().seed(42).build(),
              done);
      done.awaitCompletion();
      controls.failNext(new DecoderException(DecoderErrorCode.INVALID_OPTIONS, "planned"));
      WaitingListener<DecodeResult> failed = new WaitingListener<>();
      JobHandle unusedToo =
          service.decode(
              call(), SampleLatents.scaled(1, 1, 8, 8), DecodeOptions.defaults(), failed);
      assertThat(failed.failure().error()).isEqualTo(ServiceError.INVALID);
      assertThatThrownBy(() -> service.checkAdmission(call(), new DecodeSize(99, 8, 8, 2)))
          .isInstanceOf(ServiceException.class);
      CallSettings unknown =
          new CallSettings("x", "a\nforged", OptionalLong.empty(), Priority.NORMAL);
      assertThatThrownBy(() -> service.checkAdmission(unknown, new DecodeSize(1, 8, 8, 2)))
          .isInstanceOf(ServiceException.class);
      AtRest.require(service);
    }
  }

  @Test
  void thePageOfMetricsHasWhatHappened() throws Exception {
    load();
    String page = meters.scrape();
    assertThat(page)
        .contains("decoder_calls_total{outcome=\"completed\"} 1.0")
        .contains("decoder_calls_total{outcome=\"failed\"} 1.0")
        .contains("decoder_calls_total{outcome=\"rejected\"} 2.0")
        .contains("decoder_rejected_total{kind=\"decode\",reason=\"too_large\"} 1.0")
        .contains("decoder_queue_calls 0.0")
        .contains("decoder_workers_busy 0.0")
        .contains("decoder_memory_reserved_bytes 0.0")
        .containsPattern("decoder_memory_reserved_peak_bytes [1-9]")
        .containsPattern("decoder_call_queue_seconds_count\\{[^}]*\\} 2")
        .containsPattern("decoder_call_seconds_count\\{[^}]*size=\"64x64\"[^}]*\\} 1")
        .containsPattern("decoder_step_seconds_count\\{[^}]*step=\"2\"\\} 1")
        .contains("decoder_call_prediction_ratio_count{")
        .containsPattern("decoder_model_ready\\{model=\"consistency_decoder\"\\} 0.0");
  }

  @Test
  void everyRequestHasOneLine() throws Exception {
    load();
    assertThat(lines.all)
        .hasSize(4)
        .allMatch(line -> line.contains(" model=" + Fixtures.MODEL + " ") || line.contains("=?"));
    assertThat(lines.all.get(0))
        .contains("outcome=completed", "shape=[1, 4, 8, 8]", "seed=42", "steps=2", "kind=decode")
        .containsPattern("id=test-\\d+")
        .containsPattern("run_ms=[\\d.]+");
    assertThat(lines.all.get(1)).contains("outcome=failed", "error=invalid", "why=planned");
    assertThat(lines.all.get(2)).contains("outcome=rejected", "error=too_large");
    assertThat(lines.all.get(3)).contains("model=?", "error=not_found").doesNotContain("forged");
  }

  /** Keeps lines as text. */
  private static final class Lines extends AbstractLogger implements LoggingEventAware {
    private static final long serialVersionUID = 1L;

    final transient List<String> all = new CopyOnWriteArrayList<>();

    @Override
    public void log(LoggingEvent event) {
      StringBuilder line = new StringBuilder(event.getMessage());
      event
          .getKeyValuePairs()
          .forEach(p -> line.append(' ').append(p.key).append('=').append(p.value));
      all.add(line.toString());
    }

    @Override
    protected String getFullyQualifiedCallerName() {
      return null;
    }

    @Override
    protected void handleNormalizedLoggingCall(
        Level level, Marker marker, String message, Object[] arguments, Throwable cause) {
      throw new IllegalStateException("lines have keys and values: " + message);
    }

    @Override
    public boolean isTraceEnabled() {
      return true;
    }

    @Override
    public boolean isTraceEnabled(Marker marker) {
      return true;
    }

    @Override
    public boolean isDebugEnabled() {
      return true;
    }

    @Override
    public boolean isDebugEnabled(Marker marker) {
      return true;
    }

    @Override
    public boolean isInfoEnabled() {
      return true;
    }

    @Override
    public boolean isInfoEnabled(Marker marker) {
      return true;
    }

    @Override
    public boolean isWarnEnabled() {
      return true;
    }

    @Override
    public boolean isWarnEnabled(Marker marker) {
      return true;
    }

    @Override
    public boolean isErrorEnabled() {
      return true;
    }

    @Override
    public boolean isErrorEnabled(Marker marker) {
      return true;
    }
  }
}
