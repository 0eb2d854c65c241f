package io.github.consistencydecoder.core.memory;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProcessMemoryTest {
  @Test
  void aProcessHoldsSomethingAndLessThanTheMachineHas() {
    assertThat(ProcessMemory.ownBytes()).isPositive().isLessThan(ProcessMemory.machineBytes());
  }
}
