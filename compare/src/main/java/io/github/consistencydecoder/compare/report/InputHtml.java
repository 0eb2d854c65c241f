package io.github.consistencydecoder.compare.report;

import io.github.consistencydecoder.compare.metrics.Measurements;
import io.github.consistencydecoder.formats.pictures.Region;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** One input in the report: viewer, pictures, differences, crops and numbers. */
final class InputHtml {
  private static final int MOST_COLUMNS = 6;

  private final InputResult input;
  private final int number;
  private final EmbeddedPictures pictures;
  private final StringBuilder out = new StringBuilder();

  /**
   * @param number from 1
   * @param pictures null if there was no room for them
   */
  InputHtml(InputResult input, int number, EmbeddedPictures pictures) {
    this.input = input;
    this.number = number;
    this.pictures = pictures;
  }

  String html() {
    out.append("<article id=\"input-")
        .append(number)
        .append("\">\n<h2>")
        .append(Html.text(input.name()))
        .append(" <small>")
        .append(input.width() + " × " + input.height())
        .append("</small></h2>\n");
    if (pictures != null) {
      viewer();
    }
    for (String note : input.notes()) {
      out.append("<p class=\"note\">").append(Html.text(note)).append("</p>\n");
    }
    for (String warning : warnings()) {
      out.append("<p class=\"warn\">").append(Html.text(warning)).append("</p>\n");
    }
    if (pictures == null) {
      out.append("<p class=\"warn\">There was no more room for its pictures here; they are in ")
          .append(Html.text(input.folder()))
          .append(".</p>\n");
    } else {
      wholes();
      differences();
      crops();
    }
    out.append("<details><summary>Numbers</summary>\n").append(numbers());
    if (pictures != null) {
      out.append("<p class=\"soft\">")
          .append(pictures.encoding().note())
          .append(" The exact pixels are in ")
          .append(Html.text(input.folder()))
          .append(".</p>\n");
    }
    return out.append("</details>\n</article>\n").toString();
  }

  private Set<String> warnings() {
    Set<String> warnings = new LinkedHashSet<>();
    for (ColumnResult column : input.columns()) {
      column.warnings().forEach(warning -> warnings.add(column.name() + ": " + warning));
    }
    return warnings;
  }

  private List<Integer> indices(boolean differences) {
    List<Integer> indices = new ArrayList<>();
    for (int i = 0; i < pictures.shown().size(); i++) {
      if (pictures.shown().get(i).isDifference() == differences) {
        indices.add(i);
      }
    }
    return indices;
  }

  private String size() {
    return " width=\"" + input.width() + "\" height=\"" + input.height() + "\"";
  }

  private void viewer() {
    int n = indices(false).size();
    out.append("<div class=\"viewer\">\n");
    if (n > 1) {
      slider();
    }
    out.append("<div class=\"tools\">\n");
    if (n > 1) {
      // The first decoder on the left, the last one on the right; the truth if there is but one.
      int left = input.hasTruth() && n > 2 ? 1 : 0;
      select("left", left);
      out.append("<button type=\"button\" data-swap>Swap</button>\n");
      select("right", n - 1);
    }
    out.append("<span class=\"zoom\">")
        .append("<button type=\"button\" data-zoom=\"out\" aria-label=\"Zoom out\">−</button>")
        .append("<output aria-live=\"polite\">100 %</output>")
        .append("<button type=\"button\" data-zoom=\"in\" aria-label=\"Zoom in\">+</button>")
        .append("<button type=\"button\" data-zoom=\"fit\">Fit</button></span>\n")
        .append("<span class=\"soft\">Ctrl and wheel, pinch or double-click zoom all pictures;")
        .append(" drag moves them.</span>\n</div>\n</div>\n");
  }

  private void slider() {
    out.append("<div class=\"slider\">\n<div class=\"stage\" tabindex=\"0\" role=\"group\"")
        .append(" aria-label=\"Two pictures, one over the other. Plus and minus zoom, arrows")
        .append(" move.\">")
        .append("<img class=\"under\" alt=\"\"")
        .append(size())
        .append("><div class=\"over\"><img alt=\"\"")
        .append(size())
        .append("></div></div>\n<span class=\"tag left\"></span>")
        .append("<span class=\"tag right\"></span>\n")
        .append("<div class=\"handle\" role=\"slider\" tabindex=\"0\" aria-valuemin=\"0\"")
        .append(" aria-valuemax=\"100\" aria-valuenow=\"50\" aria-orientation=\"horizontal\"")
        .append(" aria-label=\"Boundary between the two pictures\"></div>\n</div>\n");
  }

  private void select(String side, int chosen) {
    out.append("<label>").append(side).append(" <select class=\"").append(side).append("\">");
    List<Integer> wholes = indices(false);
    for (int i = 0; i < wholes.size(); i++) {
      out.append("<option value=\"")
          .append(i)
          .append(i == chosen ? "\" selected>" : "\">")
          .append(Html.text(pictures.shown().get(wholes.get(i)).name()))
          .append("</option>");
    }
    out.append("</select></label>\n");
  }

  private void wholes() {
    row("whole", indices(false).size());
    for (int i : indices(false)) {
      figure(i, Html.text(pictures.shown().get(i).name()));
    }
    out.append("</div>\n");
  }

  /** Opens a grid of so many columns, where there is room for them. */
  private void row(String kind, int columns) {
    out.append("<div class=\"row ")
        .append(kind)
        .append(" n")
        .append(Math.min(columns, MOST_COLUMNS))
        .append("\">\n");
  }

  private void figure(int i, String caption) {
    out.append("<figure><div class=\"stage\" tabindex=\"0\" role=\"group\" aria-label=\"")
        .append(caption)
        .append("\"><img alt=\"")
        .append(caption)
        .append("\" decoding=\"async\"")
        .append(size())
        .append(" src=\"")
        .append(pictures.wholes().get(i))
        .append("\"></div><figcaption>")
        .append(caption)
        .append("</figcaption></figure>\n");
  }

  private void differences() {
    List<Integer> differences = indices(true);
    if (differences.isEmpty()) {
      return;
    }
    // The legend stands below the reference, each map below its decoder.
    row("", indices(false).size());
    out.append("<div class=\"legend\"><h3>Where they differ from ")
        .append(Html.text(reference()))
        .append("</h3><div class=\"scale\" role=\"img\" aria-label=\"Scale: dark is no")
        .append(" difference, light is ")
        .append(input.differenceScale())
        .append(" levels or more\"><span>0</span><i></i><span>")
        .append(input.differenceScale())
        .append(" or more</span></div><p class=\"soft\">levels of 255, mean of the three")
        .append(" channels</p></div>\n");
    for (int i : differences) {
      figure(i, "|" + Html.text(pictures.shown().get(i).name() + " − " + reference()) + "|");
    }
    out.append("</div>\n");
  }

  private String reference() {
    return input.hasTruth() ? "the " + InputResult.TRUTH : input.reference();
  }

  private void crops() {
    int row = 0;
    for (Map.Entry<String, Region> crop : input.crops().entrySet()) {
      Region region = crop.getValue();
      out.append("<div class=\"crophead\"><h3>")
          .append(Html.text(crop.getKey()))
          .append("</h3><span class=\"soft\">")
          .append(region.width() + " × " + region.height())
          .append(" pixels at ")
          .append(region.x() + ", " + region.y())
          .append("</span><button type=\"button\" data-look=\"")
          .append((double) region.x() / input.width())
          .append(' ')
          .append((double) region.y() / input.height())
          .append(' ')
          .append((double) region.width() / input.width())
          .append(' ')
          .append((double) region.height() / input.height())
          .append("\">Zoom all to it</button></div>\n");
      int all = pictures.shown().size();
      int wholes = indices(false).size();
      // All beside each other, or each difference below its decoder.
      row("crops" + (all > MOST_COLUMNS ? " two" : ""), all > MOST_COLUMNS ? wholes : all);
      for (int i = 0; i < all; i++) {
        crop(crop.getKey(), region, pictures.shown().get(i), pictures.crops().get(row).get(i));
      }
      out.append("</div>\n");
      row++;
    }
  }

  private void crop(String name, Region region, InputPictures.Shown shown, String source) {
    String caption =
        Html.text(
            shown.isDifference() ? "|" + shown.name() + " − " + reference() + "|" : shown.name());
    out.append(shown.isDifference() ? "<figure class=\"difference\">" : "<figure>")
        .append("<img alt=\"")
        .append(Html.text(name))
        .append(" of ")
        .append(caption)
        .append("\" width=\"")
        .append(region.width())
        .append("\" height=\"")
        .append(region.height())
        .append("\" src=\"")
        .append(source)
        .append("\"><figcaption>")
        .append(caption)
        .append("</figcaption></figure>\n");
  }

  private String numbers() {
    MeasureTable table =
        new MeasureTable(
            input.hasTruth()
                ? "Measured against the original"
                : "Differences from " + input.reference() + ", which do not say what is better",
            input.hasTruth() ? MeasureTable.Judging.ALL : MeasureTable.Judging.NOTHING);
    List<String> regions = new ArrayList<>(List.of(InputResult.WHOLE));
    regions.addAll(input.crops().keySet());
    for (String region : regions) {
      if (input.hasTruth()) {
        table.add(
            region, InputResult.TRUTH, input.truthAlone().getOrDefault(region, Measurements.NONE));
      }
      for (ColumnResult column : input.columns()) {
        table.add(region, column.name(), column.in(region));
      }
    }
    return table.html() + costs();
  }

  private String costs() {
    List<String> costs = new ArrayList<>();
    for (ColumnResult column : input.columns()) {
      if (column.seconds().isPresent()) {
        costs.add(
            Html.text(column.name())
                + " "
                + Html.seconds(column.seconds().getAsDouble())
                + (column.peakBytes().isPresent()
                    ? ", the process at most " + Html.bytes(column.peakBytes())
                    : ""));
      }
    }
    return costs.isEmpty()
        ? ""
        : "<p class=\"soft\">Decoded in: " + String.join("; ", costs) + ".</p>\n";
  }
}
