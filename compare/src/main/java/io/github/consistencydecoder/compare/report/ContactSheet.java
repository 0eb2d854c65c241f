package io.github.consistencydecoder.compare.report;

import io.github.consistencydecoder.formats.io.AtomicFiles;
import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.PictureWriter;
import io.github.consistencydecoder.formats.pictures.Region;
import io.github.consistencydecoder.formats.pictures.Scaling;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * {@code sheet.png}: for each input a row of the whole pictures and a row for each crop, enlarged
 * without smoothing; truth, decoders, differences from left to right. It ends when it has {@value
 * #PIXELS} pixels, and says so.
 */
public final class ContactSheet {
  /** Side of a cell. */
  private static final int CELL = 256;

  private static final int GAP = 8;
  private static final int LABEL = Glyphs.HEIGHT + 6;

  /** 48 MB at three bytes each. */
  static final int PIXELS = 16_000_000;

  private ContactSheet() {}

  /** Writes the sheet; none if nothing was compared. */
  public static void write(ReportData data, Path target) throws IOException {
    if (data.inputs().isEmpty()) {
      java.nio.file.Files.deleteIfExists(target);
      return;
    }
    AtomicFiles.write(target, PictureWriter.png(draw(data)));
  }

  static Picture draw(ReportData data) throws IOException {
    int columns = 0;
    for (InputResult input : data.inputs()) {
      columns = Math.max(columns, cells(input));
    }
    int width = GAP + columns * (CELL + GAP);
    List<InputResult> inputs = new ArrayList<>();
    int height = GAP + LABEL;
    for (InputResult input : data.inputs()) {
      int more = height(input);
      if (!inputs.isEmpty() && (long) (height + more) * width > PIXELS) {
        break;
      }
      inputs.add(input);
      height += more;
    }
    Canvas canvas = new Canvas(width, height);
    int y = GAP;
    for (InputResult input : inputs) {
      y = draw(canvas, data, input, y, width);
    }
    int left = data.inputs().size() - inputs.size();
    if (left > 0) {
      Glyphs.draw(canvas, "and " + left + " more in report.html", GAP, y);
    }
    return canvas.finish();
  }

  private static int cells(InputResult input) {
    long differences =
        input.columns().stream().filter(column -> column.differenceFile().isPresent()).count();
    return (input.hasTruth() ? 1 : 0) + input.columns().size() + (int) differences;
  }

  private static int height(InputResult input) {
    int height = LABEL + LABEL + fittedHeight(input.width(), input.height()) + GAP + GAP;
    for (Region crop : input.crops().values()) {
      height += LABEL + cellHeight(crop) + GAP;
    }
    return height;
  }

  /** Of what {@link Scaling#fitted} makes of a picture in a cell. */
  private static int fittedHeight(int width, int height) {
    int longer = Math.max(width, height);
    return longer <= CELL ? height : Math.max(1, (int) Math.round((double) height * CELL / longer));
  }

  /** Of what {@link #cell} makes of a crop. */
  private static int cellHeight(Region crop) {
    int factor = CELL / Math.max(crop.width(), crop.height());
    return factor > 1 ? crop.height() * factor : fittedHeight(crop.width(), crop.height());
  }

  private static int draw(Canvas canvas, ReportData data, InputResult input, int top, int width)
      throws IOException {
    InputPictures pictures = InputPictures.of(data, input);
    int y = top;
    Glyphs.draw(canvas, Glyphs.fitting(input.name(), width - 2 * GAP), GAP, y);
    y += LABEL;
    int x = GAP;
    for (InputPictures.Shown shown : pictures.shown()) {
      String label =
          shown.isDifference()
              ? "|" + shown.name() + " - " + input.reference() + "| 0 - " + input.differenceScale()
              : shown.name();
      Glyphs.draw(canvas, Glyphs.fitting(label, CELL), x, y);
      canvas.put(Scaling.fitted(shown.picture(), CELL), x, y + LABEL);
      x += CELL + GAP;
    }
    y += LABEL + fittedHeight(input.width(), input.height()) + GAP;
    for (Map.Entry<String, Region> crop : input.crops().entrySet()) {
      x = GAP;
      for (InputPictures.Shown shown : pictures.shown()) {
        canvas.put(cell(shown.picture().crop(crop.getValue())), x, y + LABEL);
        x += CELL + GAP;
      }
      Glyphs.draw(canvas, crop.getKey() + ": " + crop.getValue(), GAP, y);
      y += LABEL + cellHeight(crop.getValue()) + GAP;
    }
    return top + height(input);
  }

  private static Picture cell(Picture crop) {
    int factor = CELL / Math.max(crop.width(), crop.height());
    return factor > 1 ? Scaling.enlarged(crop, factor) : Scaling.fitted(crop, CELL);
  }

  /**
   * Capital letters, digits and a few signs of 5x7 dots, for labels inside pictures. Java's own
   * text drawing needs fonts of the system, which a server or a container often has not.
   *
   * <p>The resource {@code glyphs.txt} has blocks of a line with the characters and seven lines
   * with a row of each, {@code #} for a dot.
   */
  private static final class Glyphs {
    static final int WIDTH = 5;
    static final int HEIGHT = 7;
    private static final int ADVANCE = WIDTH + 1;
    private static final Map<Character, boolean[]> DOTS = load();

    private Glyphs() {}

    private static Map<Character, boolean[]> load() {
      List<String> lines = Resources.text("glyphs.txt").lines().toList();
      Map<Character, boolean[]> dots = new HashMap<>();
      for (int block = 0; block + HEIGHT < lines.size(); block += HEIGHT + 1) {
        String characters = lines.get(block);
        for (int k = 0; k < characters.length(); k++) {
          boolean[] glyph = new boolean[WIDTH * HEIGHT];
          for (int i = 0; i < glyph.length; i++) {
            glyph[i] = lines.get(block + 1 + i / WIDTH).charAt(ADVANCE * k + i % WIDTH) == '#';
          }
          dots.put(characters.charAt(k), glyph);
        }
      }
      return dots;
    }

    /** As much of a text as has room, its end cut off if need be. */
    static String fitting(String text, int width) {
      int room = Math.max(1, width / ADVANCE);
      return text.length() <= room ? text : text.substring(0, Math.max(1, room - 2)) + "..";
    }

    /** Draws a line of text, its upper left corner at x, y; what lies outside is left out. */
    static void draw(Canvas canvas, String text, int x, int y) {
      String upper = text.toUpperCase(Locale.ROOT);
      for (int k = 0; k < upper.length(); k++) {
        char c = upper.charAt(k);
        boolean[] glyph = c == ' ' ? null : DOTS.getOrDefault(c, DOTS.get('?'));
        for (int i = 0; glyph != null && i < glyph.length; i++) {
          if (glyph[i]) {
            canvas.dot(x + ADVANCE * k + i % WIDTH, y + i / WIDTH);
          }
        }
      }
    }
  }
}
