package io.github.consistencydecoder.core.export;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.Schedule;

/**
 * What to export and how.
 *
 * @param part what
 * @param config which model, {@link DecoderConfig#DTYPE} of the exported graph, and {@code cache}
 * @param schedule the evaluations; of a consistency decoder only
 * @param clamp what happens after each; of a consistency decoder only
 * @param started whether the graph takes a picture to start from; of a consistency decoder only
 */
public record ExportRequest(
    ExportPart part, DecoderConfig config, Schedule schedule, ClampMode clamp, boolean started) {
  /** Without a start. */
  public ExportRequest(ExportPart part, DecoderConfig config, Schedule schedule, ClampMode clamp) {
    this(part, config, schedule, clamp, false);
  }

  public ExportRequest {
    requireNonNull(part, "part");
    requireNonNull(config, "config");
    requireNonNull(schedule, "schedule");
    requireNonNull(clamp, "clamp");
  }

  /** The same decode or encoding in process, in float32 on the CPU. */
  DecoderConfig inProcess() {
    return config.with(DecoderConfig.DTYPE, "float32").with(DecoderConfig.DEVICE, "cpu");
  }

  /** Whether the exported graph computes in half precision. */
  boolean half() {
    return config.get(DecoderConfig.DTYPE).filter(d -> d.equals("float16")).isPresent();
  }
}
