package io.github.consistencydecoder.compare.report;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/**
 * What a comparison found.
 *
 * @param title what a person called it
 * @param created when the run ended
 * @param folder of the comparison; pictures are read from below it
 * @param columns names of the decoders, in order
 * @param inputs what was compared, in order
 * @param failures what was not
 */
public record ReportData(
    String title,
    Instant created,
    Path folder,
    List<String> columns,
    List<InputResult> inputs,
    List<Failure> failures) {
  public ReportData {
    columns = List.copyOf(columns);
    inputs = List.copyOf(inputs);
    failures = List.copyOf(failures);
  }
}
