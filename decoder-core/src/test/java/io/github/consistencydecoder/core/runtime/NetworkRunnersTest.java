package io.github.consistencydecoder.core.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.core.memory.RunForecast;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NetworkRunnersTest {
  private static final long BYTES_PER_PIXEL = 6931;

  private static final Device CPU = new Device(Device.Kind.CPU, 0, "a test");
  private static final Device CUDA = new Device(Device.Kind.CUDA, 1, "a test");

  /** Never run, so that it needs no session of the runtime. */
  private static StepSessions sessions(Device device) {
    return StepSessions.of(
        null,
        device,
        1,
        RunForecast.NONE,
        new StepSessions.Limits(1536 * 1024, 1024 * 1024, BYTES_PER_PIXEL));
  }

  @ParameterizedTest
  @CsvSource({
    "512, 512, 4",
    "1024, 1024, 1",
    "1024, 1032, 1",
    "1024, 1536, 1",
    "1024, 1544, 0",
    "64, 64, 256",
    "520, 392, 5"
  })
  void severalPicturesOfARunShareALimitThatOneAloneMayExceed(int height, int width, int batch) {
    assertThat(sessions(CPU).largestBatch(height, width)).isEqualTo(batch);
  }

  @ParameterizedTest
  @CsvSource({"1, 262144", "3, 786432", "4, 1048576", "9, 1048576"})
  void memoryOfADeviceIsThatOfTheRunThatIsPossible(int pictures, long pixels) {
    NetworkRunner session = new NetworkRunner(sessions(CUDA), CUDA);
    assertThat(session.deviceBytes(pictures, 64, 64)).hasValue(pixels * BYTES_PER_PIXEL);
  }

  /** So that plans for one number of pictures serve all runs. */
  @ParameterizedTest
  @CsvSource({
    "1, 4, 1",
    "4, 4, 4",
    "5, 4, 3",
    "6, 4, 3",
    "9, 8, 5",
    "3, 2, 2",
    "16, 4, 4",
    "5, 1, 1"
  })
  void runsOfABatchHaveTheSameNumberOfPictures(int batch, int most, int each) {
    assertThat(NetworkRunner.evenly(batch, most)).isEqualTo(each);
  }

  @Test
  void theProcessorHasNoMemoryOfItsOwn() {
    NetworkRunner session = new NetworkRunner(sessions(CPU), CPU);
    assertThat(session.deviceBytes(1, 64, 64)).isEmpty();
  }

  @Test
  void memoryHasTheRuntimesNames() {
    assertThat(new Device(Device.Kind.CPU, 0, "a test").memory()).isEqualTo("cpu:0");
    assertThat(new Device(Device.Kind.CUDA, 1, "a test").memory()).isEqualTo("gpu:1");
  }
}
