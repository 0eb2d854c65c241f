package io.github.consistencydecoder.cli.shell;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the machine and the process have, as far as the system tells. All in bytes. */
public final class Memory {
  private static final Path MACHINE = Path.of("/proc/meminfo");
  private static final Path PROCESS = Path.of("/proc/self/status");

  private Memory() {}

  /**
   * What new work can use: on Linux free memory and what caches would give up; else free memory.
   */
  public static long availableBytes() {
    long linux = kibibytes(MACHINE, "MemAvailable:");
    return linux >= 0 ? linux : system().getFreeMemorySize();
  }

  /** The most that this process has had in memory so far, or -1 where the system does not tell. */
  public static long peakResidentBytes() {
    return kibibytes(PROCESS, "VmHWM:");
  }

  /** Processor time of this process so far, nanoseconds, or -1. */
  public static long processorNanos() {
    return system().getProcessCpuTime();
  }

  private static OperatingSystemMXBean system() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  }

  private static long kibibytes(Path file, String key) {
    try {
      for (String line : Files.readAllLines(file)) {
        if (line.startsWith(key)) {
          return Long.parseLong(line.substring(key.length()).replace("kB", "").strip()) << 10;
        }
      }
    } catch (IOException | NumberFormatException e) {
      // Not Linux, or a kernel that writes it otherwise.
    }
    return -1;
  }
}
