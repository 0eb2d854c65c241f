package io.github.consistencydecoder.core.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

class DeviceMemoryTest {
  private static final Duration NEVER = Duration.ofHours(1);
  private static final Duration SOON = Duration.ofMillis(50);

  private final Semaphore given = new Semaphore(0);

  @AutoClose private final DeviceMemory patient = new DeviceMemory(NEVER, given::release);
  @AutoClose private final DeviceMemory impatient = new DeviceMemory(SOON, given::release);

  private static void run(DeviceMemory memory, long pixels) {
    memory.begin(pixels);
    memory.end();
  }

  @Test
  void itIsKeptForRunsThatNeedNoMore() {
    run(patient, 100);
    run(patient, 100);
    run(patient, 10);
    run(patient, 100);
    assertThat(given.availablePermits()).isZero();
  }

  @Test
  void beforeALargerRunItGoesBack() {
    run(patient, 100);
    run(patient, 101);
    assertThat(given.availablePermits()).isOne();
    run(patient, 100);
    assertThat(given.availablePermits()).isOne();
  }

  @Test
  void whileARunGoesOnNothingGoesBack() {
    patient.begin(100);
    patient.begin(200);
    assertThat(given.availablePermits()).isZero();
    patient.end();
    patient.end();
  }

  @Test
  void afterAWhileItGoesBackOnce() throws Exception {
    run(impatient, 100);
    assertThat(given.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
    assertThat(given.tryAcquire(4 * SOON.toMillis(), TimeUnit.MILLISECONDS)).isFalse();
    run(impatient, 100);
    assertThat(given.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void whatRunsIsNotDisturbedHoweverLongItTakes() throws Exception {
    impatient.begin(100);
    assertThat(given.tryAcquire(4 * SOON.toMillis(), TimeUnit.MILLISECONDS)).isFalse();
    impatient.end();
    assertThat(given.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void itGoesBackWhenSomethingElseNeedsIt() {
    patient.now();
    assertThat(given.availablePermits()).isZero();
    patient.begin(100);
    patient.now();
    assertThat(given.availablePermits()).isZero();
    patient.end();
    patient.now();
    patient.now();
    assertThat(given.availablePermits()).isOne();
  }

  @Test
  void afterClosingNothingIsDone() throws Exception {
    run(impatient, 100);
    impatient.close();
    assertThat(given.tryAcquire(4 * SOON.toMillis(), TimeUnit.MILLISECONDS)).isFalse();
  }
}
