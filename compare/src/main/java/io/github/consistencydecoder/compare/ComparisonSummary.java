package io.github.consistencydecoder.compare;

import io.github.consistencydecoder.compare.report.Failure;
import java.nio.file.Path;
import java.util.List;

/**
 * How a comparison went.
 *
 * @param compared inputs that are in the report
 * @param reused how many of them an earlier run had done
 * @param failures inputs that are not
 * @param report the HTML report
 */
public record ComparisonSummary(int compared, int reused, List<Failure> failures, Path report) {
  public ComparisonSummary {
    failures = List.copyOf(failures);
  }
}
