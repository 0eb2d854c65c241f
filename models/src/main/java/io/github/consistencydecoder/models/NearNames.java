package io.github.consistencydecoder.models;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Names like a given one: those that contain it, then those a few letters away. */
final class NearNames {
  private static final int MOST = 3;

  /** A name is longer than any in a catalogue, so comparing the rest of it would be idle. */
  private static final int LONGEST = 100;

  private NearNames() {}

  static List<String> of(String wanted, List<String> names) {
    if (wanted.isEmpty() || wanted.length() > LONGEST) {
      return List.of();
    }
    String lower = wanted.toLowerCase(Locale.ROOT);
    List<Candidate> near = new ArrayList<>();
    for (String name : names) {
      int distance = distance(lower, name.toLowerCase(Locale.ROOT));
      if (name.contains(lower)) {
        near.add(new Candidate(name, 0, distance));
      } else if (distance <= Math.max(2, lower.length() / 3)) {
        near.add(new Candidate(name, 1, distance));
      }
    }
    near.sort(Comparator.comparingInt(Candidate::rank).thenComparingInt(Candidate::distance));
    return near.stream().limit(MOST).map(Candidate::name).toList();
  }

  /** Levenshtein's distance: insertions, deletions and replacements of one character each. */
  static int distance(String a, String b) {
    int[] previous = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] current = new int[b.length() + 1];
      current[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(replaced, 1 + Math.min(previous[j], current[j - 1]));
      }
      previous = current;
    }
    return previous[b.length()];
  }

  private record Candidate(String name, int rank, int distance) {}
}
