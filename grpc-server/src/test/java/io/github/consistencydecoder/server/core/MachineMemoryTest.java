package io.github.consistencydecoder.server.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineMemoryTest {
  @TempDir private Path root;

  private void file(String name, String content) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }

  private long available() {
    return new MachineMemory(root).available();
  }

  @Test
  void theMachinesAvailableMemoryIsRead() throws IOException {
    file("proc/meminfo", "MemTotal:  9000 kB\nMemAvailable:    8000 kB\n");
    assertThat(available()).isEqualTo(8000 * 1024);
  }

  @Test
  void aControlGroupLeavesLess() throws IOException {
    file("proc/meminfo", "MemAvailable:    8000 kB\n");
    file("sys/fs/cgroup/memory.max", "4000000\n");
    file("sys/fs/cgroup/memory.current", "1000000\n");
    assertThat(available()).isEqualTo(3_000_000);
    file("sys/fs/cgroup/memory/memory.limit_in_bytes", "2000000\n");
    file("sys/fs/cgroup/memory/memory.usage_in_bytes", "200000\n");
    assertThat(available()).isEqualTo(1_800_000);
  }

  @Test
  void aControlGroupWithoutLimitSaysNothing() throws IOException {
    file("proc/meminfo", "MemAvailable:    8000 kB\n");
    file("sys/fs/cgroup/memory.max", "max\n");
    file("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    assertThat(available()).isEqualTo(8000 * 1024);
  }

  @Test
  void whereNothingCanBeReadThereIsEnoughForSmallPictures() {
    assertThat(available()).isEqualTo(2L << 30);
  }

  @Test
  void defaultsFitThisMachine() {
    ServiceLimits limits = ServiceLimits.defaults();
    assertThat(limits.maxPixels()).isBetween(256L * 256, 2048L * 2048);
    assertThat(limits.memoryBytes()).isGreaterThanOrEqualTo(256L << 20);
    assertThat(limits.lanes()).isEqualTo(1);
  }

  @Test
  void limitsThatLeaveNothingAreRefused() {
    Duration second = Duration.ofSeconds(1);
    assertThatThrownBy(() -> new ServiceLimits(63, 1, second, second, 1, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ServiceLimits(64, 1, second, second, 1, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ServiceLimits(64, 1, Duration.ZERO, second, 1, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ServiceLimits(64, 1, second, second.negated(), 1, 1))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
