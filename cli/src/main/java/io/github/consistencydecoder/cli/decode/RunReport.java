package io.github.consistencydecoder.cli.decode;

import io.github.consistencydecoder.cli.shell.Failure;
import io.github.consistencydecoder.cli.shell.Version;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.Latents;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What {@code --json} prints after a run. Times are seconds. */
final class RunReport {
  private static final double NANOS = 1e9;

  private final long start = System.nanoTime();
  private final List<Map<String, Object>> results = new ArrayList<>();
  private final Map<String, Object> sequels = new LinkedHashMap<>();
  private Map<String, Object> model = Map.of();

  void opened(DecoderInfo info, long nanos) {
    model = new LinkedHashMap<>();
    model.put("decoder", info.provider());
    model.put("name", info.model());
    model.put("digest", info.digest());
    model.put("device", info.device());
    model.put("details", info.details());
    model.put("open_seconds", nanos / NANOS);
  }

  void decoded(String input, DecodeRun.Work work, Decoded decoded, List<Path> files) {
    Latents latents = work.latents();
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("input", input);
    result.put("files", files.stream().map(Path::toString).toList());
    result.put(
        "latents_shape",
        List.of(latents.batch(), Latents.CHANNELS, latents.height(), latents.width()));
    result.put("latents", latents.scale().name().toLowerCase(Locale.ROOT));
    if (!work.decision().isEmpty()) {
      result.put("latents_decision", work.decision());
    }
    result.put("seconds", decoded.totalNanos() / NANOS);
    result.put("step_seconds", decoded.stepNanos().stream().map(nanos -> nanos / NANOS).toList());
    result.put("metadata", decoded.metadata());
    result.put("warnings", decoded.warnings());
    results.add(result);
  }

  void failed(String input, Failure failure) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("input", input);
    result.put("error", failure.message());
    result.put("exit_code", failure.exitCode());
    results.add(result);
  }

  void followed(String name, Map<String, Object> what) {
    sequels.put(name, what);
  }

  Map<String, Object> document(int exitCode) {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("software", Version.software());
    document.put("exit_code", exitCode);
    document.put("model", model);
    document.put("results", results);
    document.putAll(sequels);
    document.put("seconds", (System.nanoTime() - start) / NANOS);
    return document;
  }
}
