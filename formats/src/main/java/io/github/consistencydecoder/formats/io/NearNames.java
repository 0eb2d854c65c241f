package io.github.consistencydecoder.formats.io;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** The names that a caller may have meant, for the wording of a refusal. */
public final class NearNames {
  private static final int SHOWN = 3;

  /** Names compared at most: this runs only to word an error. */
  private static final int COMPARED = 20_000;

  /** Letters of a name that somebody may have meant. */
  private static final int LONGEST = 1_000;

  private NearNames() {}

  private record Candidate(String name, boolean contains, int distance) {}

  /**
   * The nearest few, whatever their case: those that contain what was wanted, then those of which
   * at most a third of the letters differ, the nearest first.
   */
  public static List<String> of(String wanted, Collection<String> names) {
    if (wanted.isEmpty() || wanted.length() > LONGEST) {
      return List.of();
    }
    String lower = wanted.toLowerCase(Locale.ROOT);
    return names.stream()
        .limit(COMPARED)
        .map(n -> candidate(lower, n))
        .filter(c -> c.contains || c.distance <= Math.max(2, lower.length() / 3))
        .sorted(
            Comparator.comparing((Candidate c) -> !c.contains)
                .thenComparingInt(Candidate::distance)
                .thenComparing(Candidate::name))
        .limit(SHOWN)
        .map(Candidate::name)
        .toList();
  }

  private static Candidate candidate(String lower, String name) {
    String other = name.toLowerCase(Locale.ROOT);
    // Names of other lengths cannot be near, and need not be compared letter by letter.
    boolean similar = other.length() <= 2 * lower.length() + 2;
    return new Candidate(
        name, other.contains(lower), similar ? distance(lower, other) : Integer.MAX_VALUE);
  }

  /** Levenshtein's distance: insertions, deletions and replacements of one character each. */
  private static int distance(String a, String b) {
    int[] previous = new int[b.length() + 1];
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(replaced, 1 + Math.min(previous[j], row[j - 1]));
      }
      int[] swap = previous;
      previous = row;
      row = swap;
    }
    return previous[b.length()];
  }
}
