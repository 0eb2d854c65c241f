package io.github.consistencydecoder.core.memory;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the machine has and what this process holds. */
public final class ProcessMemory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String ANONYMOUS = "RssAnon:";

  private ProcessMemory() {}

  /**
   * Bytes that this process holds of its own, files that it has mapped aside. Where the system does
   * not tell, what the JVM has reserved for its heap and for itself.
   */
  public static long ownBytes() {
    try {
      for (String line : Files.readAllLines(STATUS, StandardCharsets.ISO_8859_1)) {
        if (line.startsWith(ANONYMOUS)) {
          return Long.parseLong(line.substring(ANONYMOUS.length()).replace("kB", "").strip()) << 10;
        }
      }
    } catch (IOException | NumberFormatException | SecurityException e) {
      // Not Linux, or one that writes it otherwise.
    }
    MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    return memory.getHeapMemoryUsage().getCommitted()
        + memory.getNonHeapMemoryUsage().getCommitted();
  }

  /**
   * Memory of the machine, or of the container if that has less; unlimited if it cannot be told.
   */
  public static long machineBytes() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : Long.MAX_VALUE;
  }
}
