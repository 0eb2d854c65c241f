package io.github.consistencydecoder.formats.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SystemMemoryTest {
  private static final String V2 = "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
  private static final String V1 =
      "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
  private static final String CPU = "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";

  @TempDir private Path root;

  private final long megabyte = 1 << 20;

  @BeforeEach
  void machine() throws IOException {
    file("proc/meminfo", "MemTotal:  9000000 kB\nMemAvailable:    8000000 kB\n");
  }

  private void file(String name, String content) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }

  private void v2(String group, String max, long current, long files) throws IOException {
    file("sys/fs/cgroup/" + group + "/memory.max", max + "\n");
    file("sys/fs/cgroup/" + group + "/memory.current", current + "\n");
    file(
        "sys/fs/cgroup/" + group + "/memory.stat",
        "anon 5\ninactive_file " + files + "\nactive_file 0\n");
  }

  private void v1(String group, long limit, long usage, long files) throws IOException {
    file("sys/fs/cgroup/memory/" + group + "/memory.limit_in_bytes", limit + "\n");
    file("sys/fs/cgroup/memory/" + group + "/memory.usage_in_bytes", usage + "\n");
    file(
        "sys/fs/cgroup/memory/" + group + "/memory.stat",
        "inactive_file 0\nhierarchical_memory_limit "
            + limit
            + "\ntotal_inactive_file 0\ntotal_active_file "
            + files
            + "\n");
  }

  private void in(String cgroup, String mountinfo) throws IOException {
    file("proc/self/cgroup", cgroup);
    file("proc/self/mountinfo", mountinfo);
  }

  private SystemMemory memory() {
    return new SystemMemory(root);
  }

  @Test
  void withoutGroupsTheMachineCounts() {
    assertThat(memory().limit()).isEmpty();
    assertThat(memory().available()).hasValue(8_000_000L << 10);
  }

  @Test
  void theGroupOfVersionTwoCountsWhereItIs() throws IOException {
    in("0::/system.slice/decoder.service\n", V2);
    v2(
        "system.slice/decoder.service",
        String.valueOf(700 * megabyte),
        200 * megabyte,
        50 * megabyte);
    assertThat(memory().limit()).hasValue(700 * megabyte);
    assertThat(memory().available()).hasValue(550 * megabyte);
    assertThat(memory().total()).isEqualTo(700 * megabyte);
  }

  @Test
  void everyGroupAboveCounts() throws IOException {
    in("0::/a/b/c\n", V2);
    v2("a/b/c", "max", 10 * megabyte, 0);
    v2("a/b", String.valueOf(4000 * megabyte), 10 * megabyte, 0);
    v2("a", String.valueOf(1000 * megabyte), 900 * megabyte, 0);
    assertThat(memory().limit()).hasValue(1000 * megabyte);
    assertThat(memory().available()).hasValue(100 * megabyte);
    file("sys/fs/cgroup/a/b/memory.high", 300 * megabyte + "\n");
    assertThat(memory().limit()).hasValue(300 * megabyte);
  }

  @Test
  void theGroupOfVersionOneCountsAmongOtherControllers() throws IOException {
    in(
        "9:cpu:/other\n4:memory:/slurm/job\n0::/\n",
        CPU + V1 + V2.replace("cgroup rw", "cgroup/u rw"));
    v1("slurm/job", 9223372036854771712L, 0, 0);
    v1("slurm", 2000 * megabyte, 1500 * megabyte, 500 * megabyte);
    assertThat(memory().limit()).hasValue(2000 * megabyte);
    assertThat(memory().available()).hasValue(1000 * megabyte);
  }

  /** A group above that is not mounted here shows in the group's own statistics. */
  @Test
  void theLimitAboveAContainersMountCounts() throws IOException {
    in("4:memory:/docker/one\n", V1.replace(" / /sys", " /docker/one /sys"));
    v1("", 900 * megabyte, 100 * megabyte, 0);
    file(
        "sys/fs/cgroup/memory/memory.stat",
        "hierarchical_memory_limit " + 600 * megabyte + "\ntotal_active_file 0\n");
    assertThat(memory().limit()).hasValue(600 * megabyte);
    in("4:memory:/docker/one/nested\n", V1.replace(" / /sys", " /docker/one /sys"));
    v1("nested", 300 * megabyte, 0, 0);
    assertThat(memory().limit()).hasValue(300 * megabyte);
  }

  @Test
  void groupsOutsideOfTheNamespaceAreThatOfTheMount() throws IOException {
    in("0::/../../other\n", V2);
    v2("", String.valueOf(500 * megabyte), 0, 0);
    assertThat(memory().limit()).hasValue(500 * megabyte);
  }

  @Test
  void noLimitAndWhatCannotBeReadSayNothing() throws IOException {
    in("0::/a\n4:memory:/b\nnonsense\n", V2 + V1 + "short\n");
    v2("a", "max", 5, 0);
    v1("b", 9223372036854771712L, 5, 0);
    assertThat(memory().limit()).isEmpty();
    assertThat(memory().available()).hasValue(8_000_000L << 10);
  }

  @Test
  void thisProcessIsMeasured() {
    SystemMemory here = SystemMemory.here();
    assertThat(here.own()).isPositive().isLessThan(here.total());
    assumeTrue(here.resident().isPresent(), "only Linux tells");
    // The kernel counts both in lots, so that the peak may look a little smaller.
    assertThat(here.peak().orElseThrow()).isGreaterThan(here.resident().orElseThrow() / 2);
  }

  /** A process in a real group within a real group, of version 1. */
  @Test
  void limitsOfRealNestedGroupsAreSeen() throws Exception {
    Path outer = Path.of("/sys/fs/cgroup/memory/decoder-test-" + UUID.randomUUID());
    Path inner = outer.resolve("inner");
    try {
      try {
        Files.createDirectory(outer);
        Files.createDirectory(inner);
        Files.writeString(outer.resolve("memory.limit_in_bytes"), "" + 700 * megabyte);
      } catch (IOException e) {
        assumeTrue(false, "control groups of version 1 cannot be made here");
      }
      Process process =
          new ProcessBuilder(
                  "sh",
                  "-c",
                  "echo $$ > " + inner.resolve("cgroup.procs") + " && exec \"$0\" \"$@\"",
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  Limit.class.getName())
              .start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).isZero();
      assertThat(List.of(said.strip().split(" ", -1)).get(0)).isEqualTo("" + 700 * megabyte);
      assertThat(Long.parseLong(said.strip().split(" ", -1)[1]))
          .isLessThanOrEqualTo(700 * megabyte);
    } finally {
      Files.deleteIfExists(inner);
      Files.deleteIfExists(outer);
    }
  }

  /** Says what a process sees. */
  static final class Limit {
    private Limit() {}

    public static void main(String[] args) {
      OptionalLong limit = SystemMemory.here().limit();
      System.out.println(limit.orElse(-1) + " " + SystemMemory.here().available().orElse(-1));
    }
  }
}
