package io.github.consistencydecoder.compare.report;

import io.github.consistencydecoder.compare.metrics.Measure;
import io.github.consistencydecoder.compare.metrics.Measurements;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/** What stands around the pictures: the verdict above them; failures and folded tables below. */
final class OverviewHtml {
  private final ReportData data;

  OverviewHtml(ReportData data) {
    this.data = data;
  }

  String html() {
    StringBuilder out = new StringBuilder();
    failures(out);
    if (!data.inputs().isEmpty()) {
      means(out, true);
      means(out, false);
      decoders(out);
    }
    if (data.inputs().size() > 1) {
      list(out);
    }
    return out.toString();
  }

  /** One line: which decoder is nearest to the originals, by which measures. */
  String verdict() {
    List<InputResult> known = inputs(true);
    if (data.inputs().isEmpty()) {
      return "<p class=\"verdict\">Nothing was compared.</p>\n";
    }
    String sentence = known.isEmpty() ? differences() : nearest(known);
    int unknown = data.inputs().size() - known.size();
    return "<p class=\"verdict\">"
        + sentence
        + (known.isEmpty() || unknown == 0
            ? ""
            : " The original of " + unknown + " more is not known.")
        + "</p>\n";
  }

  private String differences() {
    StringBuilder out = new StringBuilder("No original is known, so no number says what is better");
    for (String name : data.columns().subList(1, data.columns().size())) {
      Double levels = mean(inputs(false), name).values().get(Measure.MEAN_ABSOLUTE.id());
      if (levels != null) {
        out.append(out.indexOf(":") < 0 ? ": " : "; ")
            .append(Html.text(name))
            .append(" differs from ")
            .append(Html.text(data.columns().get(0)))
            .append(" by ")
            .append(Html.number(Measure.MEAN_ABSOLUTE.id(), levels))
            .append(" levels of 255 in the mean");
      }
    }
    return out.append('.').toString();
  }

  /** By PSNR, SSIM and what else was measured, such as LPIPS. */
  private String nearest(List<InputResult> known) {
    Map<String, Measurements> means = new LinkedHashMap<>();
    data.columns().forEach(name -> means.put(name, mean(known, name)));
    Set<String> ids = new LinkedHashSet<>(List.of(Measure.PSNR.id(), Measure.SSIM.id()));
    means.values().forEach(mean -> ids.addAll(mean.values().keySet()));
    ids.removeIf(
        id -> Measure.of(id).filter(m -> m != Measure.PSNR && m != Measure.SSIM).isPresent());
    Map<String, List<String>> best = new LinkedHashMap<>();
    for (String id : ids) {
      MeasureTable.best(means, id)
          .ifPresent(
              name ->
                  best.computeIfAbsent(name, key -> new ArrayList<>())
                      .add(value(id, means.get(name).values().get(id))));
    }
    if (best.isEmpty()) {
      return "All decoders are as near to the original as each other.";
    }
    String pictures = known.size() == 1 ? "" : ", in the mean of " + known.size() + " pictures";
    if (data.columns().size() == 1) {
      return "Against the original: "
          + String.join(", ", best.values().iterator().next())
          + pictures
          + ".";
    }
    List<String> parts = new ArrayList<>();
    best.forEach(
        (name, values) ->
            parts.add(
                "<strong>"
                    + Html.text(name)
                    + (parts.isEmpty()
                        ? "</strong> is nearest to the original by "
                        : "</strong> by ")
                    + String.join(" and ", values)));
    return String.join(", ", parts) + pictures + ".";
  }

  private static String value(String id, double value) {
    String unit = Measure.of(id).map(Measure::unit).orElse("");
    return Html.text(Measure.of(id).map(Measure::label).orElse(id))
        + " ("
        + Html.number(id, value)
        + (unit.isEmpty() ? ")" : " " + unit + ")");
  }

  private List<InputResult> inputs(boolean withTruth) {
    return data.inputs().stream().filter(input -> input.hasTruth() == withTruth).toList();
  }

  private static Measurements mean(List<InputResult> inputs, String column) {
    List<Measurements> all = new ArrayList<>();
    for (InputResult input : inputs) {
      input.columns().stream()
          .filter(result -> result.name().equals(column))
          .forEach(result -> all.add(result.in(InputResult.WHOLE)));
    }
    return MeasureTable.mean(all);
  }

  /** A section that a person unfolds. */
  private static void open(StringBuilder out, String title) {
    out.append("<details><summary>").append(title).append("</summary>\n");
  }

  private List<ColumnResult> results(String column) {
    List<ColumnResult> results = new ArrayList<>();
    for (InputResult input : data.inputs()) {
      input.columns().stream().filter(c -> c.name().equals(column)).forEach(results::add);
    }
    return results;
  }

  private void decoders(StringBuilder out) {
    if (data.inputs().stream()
        .flatMap(input -> input.columns().stream())
        .allMatch(column -> column.seconds().isEmpty())) {
      return;
    }
    open(out, "Decoders");
    out.append("<div class=\"scroll\" role=\"region\" tabindex=\"0\"")
        .append(" aria-label=\"Decoders\"><table><thead><tr>")
        .append("<th class=\"text\" scope=\"col\">decoder</th>")
        .append("<th class=\"text\" scope=\"col\">model</th>")
        .append("<th class=\"text\" scope=\"col\">device</th>")
        .append("<th class=\"text\" scope=\"col\">options</th>")
        .append("<th scope=\"col\">time for a picture, median</th>")
        .append("<th scope=\"col\">peak memory of the process</th>")
        .append("<th scope=\"col\">memory it expected to need</th></tr></thead><tbody>");
    for (String name : data.columns()) {
      List<ColumnResult> results = results(name);
      OptionalDouble median = median(results);
      out.append("<tr><th scope=\"row\">").append(Html.text(name)).append("</th>");
      text(out, together(results, "model"));
      text(out, together(results, "device").replaceAll("[,;(][^;]*", "").strip());
      text(out, options(results));
      out.append("<td>")
          .append(median.isPresent() ? Html.seconds(median.getAsDouble()) : "–")
          .append("</td><td>")
          .append(Html.bytes(largest(results.stream().map(ColumnResult::peakBytes).toList())))
          .append("</td><td>")
          .append(Html.bytes(largest(results.stream().map(ColumnResult::estimatedBytes).toList())))
          .append("</td></tr>\n");
    }
    out.append("</tbody></table></div></details>\n");
  }

  private static void text(StringBuilder out, String text) {
    out.append("<td class=\"text\">")
        .append(text.isEmpty() ? "–" : Html.text(text))
        .append("</td>");
  }

  private static String together(List<ColumnResult> results, String key) {
    TreeSet<String> values = new TreeSet<>();
    results.forEach(result -> values.add(result.about().getOrDefault(key, "")));
    values.remove("");
    return String.join("; ", values);
  }

  private static String options(List<ColumnResult> results) {
    List<String> parts = new ArrayList<>();
    for (String key : List.of("seed", "schedule", "clamp")) {
      String value = together(results, key);
      if (!value.isEmpty()) {
        parts.add(key + " " + value);
      }
    }
    return String.join(", ", parts);
  }

  private static OptionalDouble median(List<ColumnResult> results) {
    double[] seconds =
        results.stream()
            .filter(result -> result.seconds().isPresent())
            .mapToDouble(result -> result.seconds().getAsDouble())
            .sorted()
            .toArray();
    int n = seconds.length;
    return n == 0
        ? OptionalDouble.empty()
        : OptionalDouble.of((seconds[(n - 1) / 2] + seconds[n / 2]) / 2);
  }

  private static OptionalLong largest(List<OptionalLong> values) {
    return values.stream().filter(OptionalLong::isPresent).mapToLong(OptionalLong::getAsLong).max();
  }

  private void means(StringBuilder out, boolean withTruth) {
    List<InputResult> inputs = inputs(withTruth);
    if (inputs.isEmpty() || (!withTruth && data.columns().size() < 2)) {
      return;
    }
    String pictures =
        inputs.size() == 1 ? "1 picture" : "Means over " + inputs.size() + " pictures";
    MeasureTable table =
        new MeasureTable(
            withTruth
                ? pictures + ", measured against the original"
                : pictures + ": differences from " + data.columns().get(0),
            withTruth ? MeasureTable.Judging.MEANS : MeasureTable.Judging.NOTHING);
    for (String name : data.columns()) {
      table.add("", name, mean(inputs, name));
    }
    open(out, withTruth ? "Against the original" : "Without an original");
    out.append("<p class=\"soft\">")
        .append(
            withTruth
                ? "The value nearest to the original is marked. Numbers like these do not see"
                    + " everything that eyes see: look at the pictures too."
                : "The original is not known here, so no number says which picture is better:"
                    + " these are only differences from the first decoder.")
        .append("</p>\n")
        .append(table.html())
        .append("</details>\n");
  }

  private void failures(StringBuilder out) {
    if (data.failures().isEmpty()) {
      return;
    }
    out.append("<section><h2>Not compared</h2>\n<ul>");
    for (Failure failure : data.failures()) {
      out.append("<li><strong>")
          .append(Html.text(failure.name()))
          .append("</strong>: <span class=\"warn\">")
          .append(Html.text(failure.reason()))
          .append("</span></li>\n");
    }
    out.append("</ul></section>\n");
  }

  private void list(StringBuilder out) {
    open(out, "All pictures");
    out.append("<div class=\"scroll\" role=\"region\" tabindex=\"0\"")
        .append(" aria-label=\"Pictures\"><table><thead><tr>")
        .append("<th class=\"text\" scope=\"col\">picture</th><th scope=\"col\">size</th>");
    for (String name : data.columns()) {
      out.append("<th scope=\"col\">").append(Html.text(name)).append("</th>");
    }
    out.append("</tr></thead><tbody>");
    for (int i = 0; i < data.inputs().size(); i++) {
      InputResult input = data.inputs().get(i);
      out.append("<tr><th scope=\"row\"><a href=\"#input-")
          .append(i + 1)
          .append("\">")
          .append(Html.text(input.name()))
          .append("</a></th><td>")
          .append(input.width() + " × " + input.height())
          .append("</td>");
      for (ColumnResult column : input.columns()) {
        out.append("<td>").append(brief(input, column)).append("</td>");
      }
      out.append("</tr>\n");
    }
    out.append("</tbody></table></div></details>\n");
  }

  private static String brief(InputResult input, ColumnResult column) {
    Map<String, Double> values = column.in(InputResult.WHOLE).values();
    Measure measure = input.hasTruth() ? Measure.PSNR : Measure.MEAN_ABSOLUTE;
    Double value = values.get(measure.id());
    if (value == null) {
      return "–";
    }
    String number = Html.number(measure.id(), value);
    return input.hasTruth() ? number + " dB" : "differs by " + number + " levels";
  }
}
