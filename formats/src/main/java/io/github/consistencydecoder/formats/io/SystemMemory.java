package io.github.consistencydecoder.formats.io;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * The memory of the machine, the part that this process may take, and the part that it holds; in
 * bytes.
 *
 * <p>A limit is the smallest of all control groups that the process is in: its own and every one
 * above, of version 1, version 2 or both at once, where {@code /proc/self/mountinfo} says they are.
 * Safe for use by several threads.
 */
public final class SystemMemory {
  /** Version 1 of control groups writes a number near this for "no limit". */
  private static final long NO_LIMIT = 1L << 60;

  private static final String V1 = "memory";
  private static final SystemMemory HERE = new SystemMemory(Path.of("/"));

  private final Path root;

  /** A folder of control groups and the names of the files in it. */
  private record Group(Path folder, boolean v2) {}

  /**
   * Reads below a folder.
   *
   * @param root of the file system; another one for tests
   */
  SystemMemory(Path root) {
    this.root = root;
  }

  /** That of this process. */
  public static SystemMemory here() {
    return HERE;
  }

  /** What a control group allows; empty if none does. */
  public OptionalLong limit() {
    return groups().stream().map(this::limit).flatMapToLong(OptionalLong::stream).min();
  }

  /**
   * Of the machine, as the JVM sees it too, or of the control groups if they allow less; {@code
   * Long.MAX_VALUE} if it cannot be told.
   */
  public long total() {
    long jvm = system() == null ? Long.MAX_VALUE : system().getTotalMemorySize();
    return Math.min(
        limit().orElse(Long.MAX_VALUE),
        Math.min(kilobytes("proc/meminfo", "MemTotal:").orElse(Long.MAX_VALUE), jvm));
  }

  /**
   * What can be taken now: free memory and files' pages that would be given up, or what the
   * tightest control group leaves. Empty if it cannot be told.
   */
  public OptionalLong available() {
    OptionalLong machine = kilobytes("proc/meminfo", "MemAvailable:");
    if (machine.isEmpty() && system() != null) {
      machine = OptionalLong.of(system().getFreeMemorySize());
    }
    OptionalLong groups =
        groups().stream().map(this::left).flatMapToLong(OptionalLong::stream).min();
    return groups.isEmpty() || (machine.isPresent() && machine.getAsLong() < groups.getAsLong())
        ? machine
        : groups;
  }

  /**
   * What this process holds of its own, files that it has mapped aside. Where the system does not
   * tell, what the JVM has reserved for its heap and for itself.
   */
  public long own() {
    MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    return kilobytes("proc/self/status", "RssAnon:")
        .orElseGet(
            () ->
                memory.getHeapMemoryUsage().getCommitted()
                    + memory.getNonHeapMemoryUsage().getCommitted());
  }

  /** What this process has in memory, files included; empty where the system does not tell. */
  public OptionalLong resident() {
    return kilobytes("proc/self/status", "VmRSS:");
  }

  /** The most that was resident since the start or {@link #resetPeak}. */
  public OptionalLong peak() {
    return kilobytes("proc/self/status", "VmHWM:");
  }

  /** Begins the peak anew (proc(5)). False if that cannot be, so that it would say nothing. */
  public boolean resetPeak() {
    try {
      Files.writeString(root.resolve("proc/self/clear_refs"), "5");
      return true;
    } catch (IOException | SecurityException e) {
      return false;
    }
  }

  private static OperatingSystemMXBean system() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
        ? system
        : null;
  }

  private List<Group> groups() {
    List<Group> groups = new ArrayList<>();
    for (String line : lines("proc/self/cgroup")) {
      String[] parts = line.split(":", 3);
      boolean v2 = parts.length == 3 && parts[0].equals("0") && parts[1].isEmpty();
      if (v2 || (parts.length == 3 && List.of(parts[1].split(",", -1)).contains(V1))) {
        addGroups(groups, parts[2], v2);
      }
    }
    return groups;
  }

  /** The group and those above it, as far as they are mounted here. */
  private void addGroups(List<Group> groups, String path, boolean v2) {
    for (String line : lines("proc/self/mountinfo")) {
      int dash = line.indexOf(" - ");
      String[] mount = line.split(" ", 6);
      String[] type = dash < 0 ? new String[0] : line.substring(dash + 3).split(" ", 3);
      if (mount.length < 6 || type.length < 3) {
        continue;
      }
      boolean right =
          v2
              ? type[0].equals("cgroup2")
              : type[0].equals("cgroup") && List.of(type[2].split(",", -1)).contains(V1);
      if (!right) {
        continue;
      }
      Path top = root.resolve(mount[4].substring(1)).normalize();
      Path own = top.resolve(below(mount[3], path)).normalize();
      for (Path at = own.startsWith(top) ? own : top; at.startsWith(top); at = at.getParent()) {
        groups.add(new Group(at, v2));
      }
      return;
    }
  }

  /** The group's path below what is mounted; of another container's, the mount itself. */
  private static String below(String mounted, String path) {
    if (mounted.equals("/")) {
      return path.substring(1);
    }
    return path.equals(mounted) || !path.startsWith(mounted + "/")
        ? ""
        : path.substring(mounted.length() + 1);
  }

  private OptionalLong limit(Group group) {
    OptionalLong[] limits =
        group.v2()
            ? new OptionalLong[] {
              number(group.folder().resolve("memory.max")),
              number(group.folder().resolve("memory.high"))
            }
            : new OptionalLong[] {
              number(group.folder().resolve("memory.limit_in_bytes")),
              field(group.folder().resolve("memory.stat"), "hierarchical_memory_limit ")
            };
    return List.of(limits).stream()
        .flatMapToLong(OptionalLong::stream)
        .filter(n -> n < NO_LIMIT)
        .min();
  }

  private OptionalLong left(Group group) {
    OptionalLong limit = limit(group);
    if (limit.isEmpty()) {
      return limit;
    }
    Path stat = group.folder().resolve("memory.stat");
    String prefix = group.v2() ? "" : "total_";
    long used =
        number(group.folder().resolve(group.v2() ? "memory.current" : "memory.usage_in_bytes"))
            .orElse(0);
    // The usage counts files' pages, which the kernel would give up.
    long files =
        field(stat, prefix + "inactive_file ").orElse(0)
            + field(stat, prefix + "active_file ").orElse(0);
    return OptionalLong.of(
        Math.max(0, limit.getAsLong() - Math.max(0, used - Math.min(files, used))));
  }

  private OptionalLong kilobytes(String file, String key) {
    OptionalLong found = field(root.resolve(file), key);
    return found.isEmpty() ? found : OptionalLong.of(found.getAsLong() << 10);
  }

  private OptionalLong field(Path file, String key) {
    for (String line : lines(file)) {
      if (line.startsWith(key)) {
        return number(line.substring(key.length()).replace("kB", ""));
      }
    }
    return OptionalLong.empty();
  }

  private OptionalLong number(Path file) {
    List<String> lines = lines(file);
    return lines.isEmpty() ? OptionalLong.empty() : number(lines.get(0));
  }

  private static OptionalLong number(String text) {
    try {
      return OptionalLong.of(Long.parseLong(text.strip()));
    } catch (NumberFormatException e) {
      return OptionalLong.empty();
    }
  }

  private List<String> lines(String file) {
    return lines(root.resolve(file));
  }

  /** Empty where there is no such file: another system, or a container that hides it. */
  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file, StandardCharsets.ISO_8859_1);
    } catch (IOException | SecurityException e) {
      return List.of();
    }
  }
}
