package io.github.consistencydecoder.compare.report;

import io.github.consistencydecoder.compare.metrics.Measure;
import io.github.consistencydecoder.compare.metrics.Measurements;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A table of measures, a row for each decoder, as HTML. */
final class MeasureTable {
  private final String caption;
  private final Judging judging;
  private final List<Row> rows = new ArrayList<>();

  /** Whether the best of each group is marked. */
  enum Judging {
    /** Without a truth, nothing is better. */
    NOTHING,
    /** Means: values with a sign may cancel out, which is no merit. */
    MEANS,
    /** Single pictures. */
    ALL
  }

  private record Row(String group, String name, Measurements measurements) {}

  /**
   * @param caption plain text
   */
  MeasureTable(String caption, Judging judging) {
    this.caption = caption;
    this.judging = judging;
  }

  /**
   * @param group rows of a group stand together and are judged against each other
   */
  void add(String group, String name, Measurements measurements) {
    rows.add(new Row(group, name, measurements));
  }

  String html() {
    Set<String> ids = ids();
    boolean grouped = rows.stream().map(Row::group).distinct().count() > 1;
    StringBuilder out = new StringBuilder();
    out.append("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"")
        .append(Html.text(caption))
        .append("\"><table><caption><span>")
        .append(Html.text(caption))
        .append("</span></caption><thead><tr>")
        .append(grouped ? "<th class=\"text region\" scope=\"col\">region</th>" : "")
        .append("<th class=\"text\" scope=\"col\">decoder</th>");
    for (String id : ids) {
      out.append("<th scope=\"col\">").append(Html.heading(id)).append("</th>");
    }
    out.append("</tr></thead><tbody>");
    for (Row row : rows) {
      out.append("<tr>");
      if (grouped) {
        out.append("<td class=\"text region\">").append(Html.text(row.group)).append("</td>");
      }
      out.append("<th scope=\"row\">").append(Html.text(row.name)).append("</th>");
      for (String id : ids) {
        out.append(cell(row, id));
      }
      out.append("</tr>\n");
    }
    return out.append("</tbody></table></div>\n").toString();
  }

  /** Those that any row has, in the order of the measures, further ones after them. */
  private Set<String> ids() {
    Set<String> ids = new LinkedHashSet<>();
    for (Measure measure : Measure.values()) {
      if (rows.stream().anyMatch(row -> row.measurements.get(measure).isPresent())) {
        ids.add(measure.id());
      }
    }
    rows.forEach(row -> ids.addAll(row.measurements.values().keySet()));
    return ids;
  }

  private String cell(Row row, String id) {
    Double value = row.measurements.values().get(id);
    if (value == null) {
      return "<td>–</td>";
    }
    String number = Html.number(id, value);
    return isBest(row, id, value)
        ? "<td class=\"best\">" + number + "<span class=\"unseen\"> best</span></td>"
        : "<td>" + number + "</td>";
  }

  /**
   * Better than another of its group, and no worse than any; ties in what is shown have no best.
   */
  private boolean isBest(Row row, String id, double value) {
    if (!isJudged(better(id))) {
      return false;
    }
    double badness = badness(id, value);
    boolean beatsOne = false;
    for (Row other : rows) {
      Double theirs = other.measurements.values().get(id);
      if (theirs == null || !other.group.equals(row.group)) {
        continue;
      }
      if (Html.number(id, theirs).equals(Html.number(id, value))) {
        continue;
      }
      if (badness(id, theirs) < badness) {
        return false;
      }
      beatsOne = true;
    }
    return beatsOne;
  }

  private boolean isJudged(Measure.Better better) {
    return switch (better) {
      case HIGHER, LOWER -> judging != Judging.NOTHING;
      case NEAR_ZERO -> judging == Judging.ALL;
      case NEITHER -> false;
    };
  }

  /** Further measures are distances. */
  private static Measure.Better better(String id) {
    return Measure.of(id).map(Measure::better).orElse(Measure.Better.LOWER);
  }

  private static double badness(String id, double value) {
    return switch (better(id)) {
      case HIGHER -> -value;
      case LOWER -> value;
      case NEAR_ZERO -> Math.abs(value);
      case NEITHER -> 0;
    };
  }

  /**
   * Whose value of a measure is the best and, as it is shown, better than another's; the only one
   * that there is, too.
   */
  static Optional<String> best(Map<String, Measurements> measured, String id) {
    Optional<Map.Entry<String, Measurements>> best =
        measured.entrySet().stream()
            .filter(entry -> entry.getValue().values().containsKey(id))
            .min(
                Comparator.comparingDouble(
                    entry -> badness(id, entry.getValue().values().get(id))));
    if (best.isEmpty() || measured.size() == 1) {
      return best.map(Map.Entry::getKey);
    }
    String shown = Html.number(id, best.get().getValue().values().get(id));
    long alike =
        measured.values().stream()
            .map(mean -> mean.values().get(id))
            .filter(value -> value != null && Html.number(id, value).equals(shown))
            .count();
    return best.filter(entry -> alike == 1).map(Map.Entry::getKey);
  }

  /** The mean of each measure over those that have it. */
  static Measurements mean(List<Measurements> all) {
    Map<String, double[]> sums = new java.util.LinkedHashMap<>();
    for (Measurements one : all) {
      one.values()
          .forEach(
              (id, value) -> {
                double[] sum = sums.computeIfAbsent(id, key -> new double[2]);
                sum[0] += value;
                sum[1]++;
              });
    }
    Map<String, Double> means = new java.util.LinkedHashMap<>();
    sums.forEach((id, sum) -> means.put(id, sum[0] / sum[1]));
    return new Measurements(means);
  }
}
