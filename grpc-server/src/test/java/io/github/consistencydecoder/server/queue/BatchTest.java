package io.github.consistencydecoder.server.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.fixtures.Fixtures.WaitingListener;
import io.github.consistencydecoder.server.models.BatchTrials;
import io.github.consistencydecoder.server.models.LoadedModel;
import io.github.consistencydecoder.server.models.Speed;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.DecodeSize.CallKind;
import io.github.consistencydecoder.testing.FakeDecoder;
import io.github.consistencydecoder.testing.SampleLatents;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BatchTest {
  private static final DecodeSize ONE = new DecodeSize(1, 8, 8, 2);

  private final FakeDecoder.Controls controls = new FakeDecoder.Controls();
  private LoadedModel model;

  @BeforeEach
  void open() {
    controls.furtherPictures = 0.1;
    controls.stepTime = Duration.ofMillis(3);
    model =
        new LoadedModel(
            controls.openDecoder(), Optional.empty(), new LoadedModel.Speeds(), new BatchTrials(8));
    for (int n = 2; n <= 8; n *= 2) {
      BatchTrials.Trial trial = new BatchTrials.Trial(n, new BatchTrials.Shape(8, 8));
      assertThat(model.trials().begin(trial, 1)).isTrue();
      model.trials().make(trial, model, new Cancellation());
    }
    Speed speed = model.speed(CallKind.DECODE);
    for (int n = 1; n <= 8; n *= 2) {
      DecodeSize size = new DecodeSize(n, 8, 8, 2);
      speed.observe(model.estimate(size).operations(), n * 100_000_000L);
    }
  }

  @AfterEach
  void close() {
    model.close();
  }

  private Job<?> call(Duration left, DecodeOptions options) {
    long now = System.nanoTime();
    Job<?> call =
        new DecodeJob(
            new Job.Terms(
                Fixtures.call(),
                null,
                model,
                ONE,
                model.predict(ONE),
                now,
                now + left.toNanos(),
                0,
                true),
            SampleLatents.scaled(1, 1, 8, 8),
            options,
            new WaitingListener<>());
    return call;
  }

  private List<Job<?>> calls(int n, Duration left) {
    List<Job<?>> all = new ArrayList<>();
    for (int k = 0; k < n; k++) {
      all.add(call(left, DecodeOptions.defaults()));
    }
    return all;
  }

  @Test
  void asManyAsWereProvenGoTogether() {
    List<Job<?>> all = calls(11, Duration.ofSeconds(5));
    Batch run = Batch.choose(all.get(0), all, Long.MAX_VALUE, true);
    assertThat(run.members()).isEqualTo(all.subList(0, 8));
    assertThat(run.predictedNanos()).isEqualTo(800_000_000L);
    assertThat(run.bytes()).isEqualTo(model.estimate(new DecodeSize(8, 8, 8, 2)).peakBytes());
  }

  @Test
  void whoCannotWaitForTheOthersDoesNotHaveTo() {
    List<Job<?>> all = calls(8, Duration.ofSeconds(5));
    all.set(3, call(Duration.ofMillis(300), DecodeOptions.defaults()));
    assertThat(Batch.choose(all.get(0), all, Long.MAX_VALUE, true).members())
        .isEqualTo(all.subList(0, 2));
  }

  @Test
  void noMoreThanTheFreeMemoryHolds() {
    List<Job<?>> all = calls(8, Duration.ofSeconds(5));
    long five = 5 * model.estimate(ONE).peakBytes();
    assertThat(Batch.choose(all.get(0), all, five, true).members()).hasSize(4);
    assertThat(Batch.choose(all.get(0), all, 0, true).members()).hasSize(1);
  }

  @Test
  void trialsAreMadeOnlyWhenThereIsTime() {
    BatchTrials fresh = new BatchTrials(8);
    LoadedModel unproven =
        new LoadedModel(controls.openDecoder(), Optional.empty(), new LoadedModel.Speeds(), fresh);
    model.close();
    model = unproven;
    List<Job<?>> all = calls(8, Duration.ofSeconds(5));
    assertThat(Batch.choose(all.get(0), all, Long.MAX_VALUE, false).trial()).isEmpty();
    Batch trial = Batch.choose(all.get(0), all, Long.MAX_VALUE, true);
    assertThat(trial.trial()).contains(new BatchTrials.Trial(2, new BatchTrials.Shape(8, 8)));
    assertThat(trial.members()).isEmpty();
    assertThat(Batch.choose(all.get(0), all, Long.MAX_VALUE, true).members())
        .as("while the trial runs, calls go on alone")
        .hasSize(1);
  }
}
