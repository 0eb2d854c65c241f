package io.github.consistencydecoder.server.core;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/**
 * How much memory this process may still take: the machine's available memory, or what the
 * process's control group leaves, whichever is less.
 */
final class MachineMemory {
  /** Where nothing can be read: enough for small pictures. */
  private static final long UNKNOWN = 2L << 30;

  /** Version 1 of control groups writes a number near this for "no limit". */
  private static final long NO_LIMIT = 1L << 60;

  private final Path root;

  /**
   * @param root of the file system, {@code /}
   */
  MachineMemory(Path root) {
    this.root = root;
  }

  /** Bytes. */
  long available() {
    long available = meminfo().orElse(UNKNOWN);
    OptionalLong v2 = left("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory.current");
    OptionalLong v1 =
        left(
            "sys/fs/cgroup/memory/memory.limit_in_bytes",
            "sys/fs/cgroup/memory/memory.usage_in_bytes");
    return Math.min(available, Math.min(v2.orElse(Long.MAX_VALUE), v1.orElse(Long.MAX_VALUE)));
  }

  private OptionalLong meminfo() {
    try {
      List<String> lines = Files.readAllLines(root.resolve("proc/meminfo"));
      for (String line : lines) {
        String[] words = line.split("\\s+", 3);
        if (words.length >= 2 && words[0].equals("MemAvailable:")) {
          return OptionalLong.of(1024 * Long.parseLong(words[1]));
        }
      }
    } catch (IOException | NumberFormatException e) {
      // As if it were not there.
    }
    return OptionalLong.empty();
  }

  private OptionalLong left(String limitFile, String usageFile) {
    OptionalLong limit = number(limitFile);
    if (limit.isEmpty() || limit.getAsLong() >= NO_LIMIT) {
      return OptionalLong.empty();
    }
    // The usage counts pages that the kernel would give up; the machine's own figure does not.
    long used = number(usageFile).orElse(0);
    return OptionalLong.of(Math.max(limit.getAsLong() / 4, limit.getAsLong() - used));
  }

  private OptionalLong number(String file) {
    try {
      return OptionalLong.of(Long.parseLong(Files.readString(root.resolve(file)).strip()));
    } catch (IOException | NumberFormatException e) {
      return OptionalLong.empty();
    }
  }
}
