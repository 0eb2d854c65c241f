package io.github.consistencydecoder.compare;

import io.github.consistencydecoder.compare.report.Failure;
import io.github.consistencydecoder.compare.report.InputResult;
import java.nio.file.Path;
import java.util.List;

/**
 * The outcome of a comparison.
 *
 * @param results of the inputs that are in the report
 * @param reused how many of them an earlier run had done
 * @param failures inputs that are not
 * @param report the HTML report
 */
public record ComparisonSummary(
    List<InputResult> results, int reused, List<Failure> failures, Path report) {
  public ComparisonSummary {
    results = List.copyOf(results);
    failures = List.copyOf(failures);
  }

  /** How many inputs are in the report. */
  public int compared() {
    return results.size();
  }
}
