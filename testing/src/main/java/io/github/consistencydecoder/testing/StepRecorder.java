package io.github.consistencydecoder.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.DecodeListener;
import java.util.ArrayList;
import java.util.List;

/** Remembers the steps that a decoder tells of. */
public final class StepRecorder implements DecodeListener {
  public final List<Integer> timesteps = new ArrayList<>();
  public final List<Long> nanos = new ArrayList<>();
  private final List<String> events = new ArrayList<>();
  private int steps;

  @Override
  public void stepStarted(int step, int steps, int timestep) {
    this.steps = steps;
    timesteps.add(timestep);
    events.add("started " + step + "/" + steps);
  }

  @Override
  public void stepFinished(int step, int steps, long taken) {
    nanos.add(taken);
    events.add("finished " + step + "/" + steps);
  }

  /** Each step of at least one was started and then finished, in order. */
  public void assertInOrder() {
    List<String> expected = new ArrayList<>();
    for (int step = 0; step < Math.max(1, steps); step++) {
      expected.add("started " + step + "/" + steps);
      expected.add("finished " + step + "/" + steps);
    }
    assertThat(events).isEqualTo(expected);
  }
}
