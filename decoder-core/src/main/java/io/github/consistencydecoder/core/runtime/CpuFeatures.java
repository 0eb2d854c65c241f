package io.github.consistencydecoder.core.runtime;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What an optimised graph depends on in the machine: the instruction sets its kernels were chosen
 * for.
 */
final class CpuFeatures {
  private static final Path CPUINFO = Path.of("/proc/cpuinfo");

  private CpuFeatures() {}

  /** One line: the architecture and, where the system tells, the processor's feature flags. */
  static String line() {
    String architecture = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    try (Stream<String> lines = Files.lines(CPUINFO, StandardCharsets.ISO_8859_1)) {
      return lines
          .filter(l -> l.startsWith("flags") || l.startsWith("Features"))
          .findFirst()
          .map(l -> architecture + " " + l.substring(l.indexOf(':') + 1).strip())
          .orElse(architecture);
    } catch (IOException | java.io.UncheckedIOException e) {
      String identifier = System.getenv("PROCESSOR_IDENTIFIER");
      return identifier == null ? architecture : architecture + " " + identifier;
    }
  }
}
