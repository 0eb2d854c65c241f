package io.github.consistencydecoder.compare;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/**
 * The resident memory of this process at its peak, as Linux counts it: {@code VmHWM} in {@code
 * /proc/self/status}, set back by writing 5 to {@code /proc/self/clear_refs} (proc(5)). Elsewhere
 * it is not known.
 */
final class PeakMemory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path CLEAR = Path.of("/proc/self/clear_refs");

  private PeakMemory() {}

  /** Begins anew. False if the peak cannot be set back, so that it would say nothing. */
  static boolean reset() {
    try {
      Files.write(CLEAR, "5".getBytes(StandardCharsets.US_ASCII));
      return true;
    } catch (IOException | SecurityException e) {
      return false;
    }
  }

  /** The peak since {@link #reset}, in bytes. */
  static OptionalLong bytes() {
    try {
      List<String> lines = Files.readAllLines(STATUS, StandardCharsets.ISO_8859_1);
      for (String line : lines) {
        if (line.startsWith("VmHWM:")) {
          return OptionalLong.of(1024 * Long.parseLong(line.replaceAll("[^0-9]", "")));
        }
      }
    } catch (IOException | NumberFormatException | SecurityException e) {
      // Not this system, then.
    }
    return OptionalLong.empty();
  }
}
