package io.github.consistencydecoder.cli.compare;

import io.github.consistencydecoder.cli.shell.Failure;
import io.github.consistencydecoder.cli.shell.Version;
import io.github.consistencydecoder.compare.ComparisonSummary;
import io.github.consistencydecoder.plugin.DecoderInfo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What {@code --json} prints after a comparison; the numbers are in {@code metrics.json}. */
final class CompareReport {
  private static final double NANOS = 1e9;

  private final long start = System.nanoTime();
  private final Map<String, Object> document = new LinkedHashMap<>();
  private final List<Map<String, Object>> decoders = new ArrayList<>();

  void encoder(DecoderInfo info) {
    document.put("encoder", about(info));
  }

  void decoder(ColumnSpec column, DecoderInfo info) {
    Map<String, Object> about = new LinkedHashMap<>();
    about.put("name", column.name());
    about.putAll(about(info));
    about.put("schedule", column.options().schedule().toString());
    about.put("seed", column.options().noise().toString());
    about.put("clamp", column.options().clamp().id());
    decoders.add(about);
  }

  private static Map<String, Object> about(DecoderInfo info) {
    Map<String, Object> about = new LinkedHashMap<>();
    about.put("plugin", info.provider());
    about.put("model", info.model());
    about.put("digest", info.digest());
    about.put("device", info.device());
    return about;
  }

  void compared(Path folder, ComparisonSummary summary, Map<String, Failure> failures) {
    Map<String, Object> files = new LinkedHashMap<>();
    OutputFolder.FILES.forEach(file -> files.put(file, folder.resolve(file).toString()));
    document.put("files", files);
    document.put("compared", summary.compared());
    document.put("reused", summary.reused());
    List<Map<String, Object>> failed = new ArrayList<>();
    failures.forEach(
        (input, failure) -> {
          Map<String, Object> one = new LinkedHashMap<>();
          one.put("input", input);
          one.put("error", failure.message());
          one.put("exit_code", failure.exitCode());
          failed.add(one);
        });
    document.put("failures", failed);
  }

  Map<String, Object> document(int exitCode) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("software", Version.software());
    all.put("exit_code", exitCode);
    all.put("decoders", decoders);
    all.putAll(document);
    all.put("seconds", (System.nanoTime() - start) / NANOS);
    return all;
  }
}
