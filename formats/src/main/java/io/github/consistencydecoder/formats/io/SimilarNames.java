package io.github.consistencydecoder.formats.io;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Finds the names a caller may have meant. */
public final class SimilarNames {
  private static final int SHOWN = 3;

  /** Names compared at most: this runs only to word an error. */
  private static final int COMPARED = 20_000;

  private SimilarNames() {}

  /** The nearest few by edit distance, the nearest first; none that differ in more than half. */
  public static List<String> to(String wanted, Collection<String> names) {
    record Scored(String name, int distance) {}
    return names.stream()
        .limit(COMPARED)
        .filter(n -> n.length() <= 4 * wanted.length() + 4)
        .map(n -> new Scored(n, distance(wanted, n)))
        .filter(s -> 2 * s.distance() <= Math.max(wanted.length(), s.name().length()))
        .sorted(Comparator.comparingInt(Scored::distance).thenComparing(Scored::name))
        .limit(SHOWN)
        .map(Scored::name)
        .toList();
  }

  /** Levenshtein distance, two rows at a time. */
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
