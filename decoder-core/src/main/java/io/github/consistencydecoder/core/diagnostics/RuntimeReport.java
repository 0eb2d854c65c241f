package io.github.consistencydecoder.core.diagnostics;

import io.github.consistencydecoder.core.runtime.Device;
import io.github.consistencydecoder.core.runtime.OnnxRuntime;
import io.github.consistencydecoder.formats.io.SystemMemory;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A report on this machine, for a person who wants to know why something is slow or does not work.
 *
 * @param runtimeVersion of ONNX Runtime, or why it cannot be loaded
 * @param providers the execution providers compiled in
 * @param cudaSentence whether CUDA can be used, and why not
 * @param cpu name of the processor, where the system tells
 * @param cores that this process may use
 * @param memoryBytes of the machine, or of the control groups if they allow less; 0 where the
 *     system does not tell
 * @param limitBytes what the control groups of this process allow, 0 if they set no limit
 * @param availableBytes free or freeable within both at the moment, 0 where the system does not
 *     tell
 * @param heapBytes the most that Java's own heap may take
 * @param javaVersion version and vendor
 * @param os name, version and architecture
 */
public record RuntimeReport(
    String runtimeVersion,
    List<String> providers,
    String cudaSentence,
    String cpu,
    int cores,
    long memoryBytes,
    long limitBytes,
    long availableBytes,
    long heapBytes,
    String javaVersion,
    String os) {
  /** Looks around. Loads the native library if that has not been done yet; never throws. */
  public static RuntimeReport collect() {
    String version;
    List<String> providers = List.of();
    String cuda;
    try {
      version = OnnxRuntime.version();
      providers = OnnxRuntime.providers();
      String problem = Device.cudaProblem(0);
      cuda = problem.isEmpty() ? "CUDA can be used" : "CUDA cannot be used: " + problem;
    } catch (DecoderException e) {
      version = e.getMessage();
      cuda = "CUDA cannot be used without the runtime";
    }
    Runtime jvm = Runtime.getRuntime();
    SystemMemory memory = SystemMemory.here();
    return new RuntimeReport(
        version,
        providers,
        cuda,
        field("/proc/cpuinfo", "model name").orElse(System.getProperty("os.arch")),
        jvm.availableProcessors(),
        memory.total() == Long.MAX_VALUE ? 0 : memory.total(),
        memory.limit().orElse(0),
        memory.available().orElse(0),
        jvm.maxMemory(),
        System.getProperty("java.version") + " (" + System.getProperty("java.vendor") + ")",
        String.join(
            " ",
            System.getProperty("os.name"),
            System.getProperty("os.version"),
            System.getProperty("os.arch")));
  }

  private static java.util.Optional<String> field(String file, String name) {
    try (Stream<String> lines = Files.lines(Path.of(file), StandardCharsets.ISO_8859_1)) {
      return lines
          .filter(l -> l.startsWith(name))
          .findFirst()
          .map(l -> l.substring(l.indexOf(':') + 1).strip());
    } catch (IOException | java.io.UncheckedIOException e) {
      return java.util.Optional.empty();
    }
  }
}
