package io.github.consistencydecoder.cli.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One decode's cost.
 *
 * @param wallNanos from call to return
 * @param processorNanos of the whole process meanwhile
 * @param operations floating-point operations of the decode, as the decoder estimates them
 */
record Measurement(long wallNanos, long processorNanos, double operations) {
  private static final double NANOS = 1e9;
  private static final double GIGA = 1e9;

  /** Times the work. */
  static Measurement of(double operations, Runnable work) {
    long wall = System.nanoTime();
    long processor = processorTime();
    work.run();
    return new Measurement(System.nanoTime() - wall, processorTime() - processor, operations);
  }

  double wallSeconds() {
    return wallNanos / NANOS;
  }

  double processorSeconds() {
    return processorNanos / NANOS;
  }

  /** How well a core is used; 0 where the system counts no processor time. */
  double gflopPerCoreSecond() {
    return processorNanos <= 0 ? 0 : operations / GIGA / processorSeconds();
  }

  Map<String, Object> asMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("wall_seconds", wallSeconds());
    map.put("cpu_seconds", processorSeconds());
    map.put("gflop_per_core_second", gflopPerCoreSecond());
    return map;
  }

  /** Processor time of this process so far, nanoseconds, or -1. */
  private static long processorTime() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
  }
}
