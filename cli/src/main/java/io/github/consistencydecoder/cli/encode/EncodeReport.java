package io.github.consistencydecoder.cli.encode;

import io.github.consistencydecoder.cli.shell.Failure;
import io.github.consistencydecoder.cli.shell.Version;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.Latents;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What {@code --json} prints after a run. Times are seconds. */
final class EncodeReport {
  private static final double NANOS = 1e9;

  private final long start = System.nanoTime();
  private final List<Map<String, Object>> results = new ArrayList<>();
  private Map<String, Object> model = Map.of();

  void opened(DecoderInfo info, long nanos) {
    model = new LinkedHashMap<>();
    model.put("encoder", info.provider());
    model.put("name", info.model());
    model.put("digest", info.digest());
    model.put("device", info.device());
    model.put("details", info.details());
    model.put("open_seconds", nanos / NANOS);
  }

  void encoded(Path input, Path file, Latents latents, long nanos, List<String> notes) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("input", input.toString());
    result.put("file", file.toString());
    result.put(
        "latents_shape",
        List.of(latents.batch(), Latents.CHANNELS, latents.height(), latents.width()));
    result.put("latents", latents.scale().name().toLowerCase(Locale.ROOT));
    result.put("seconds", nanos / NANOS);
    result.put("notes", notes);
    results.add(result);
  }

  void failed(Path input, Failure failure) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("input", input.toString());
    result.put("error", failure.message());
    result.put("exit_code", failure.exitCode());
    results.add(result);
  }

  Map<String, Object> document(int exitCode) {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("software", Version.software());
    document.put("exit_code", exitCode);
    document.put("model", model);
    document.put("results", results);
    document.put("seconds", (System.nanoTime() - start) / NANOS);
    return document;
  }
}
