package io.github.consistencydecoder.compare.report;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Capital letters, digits and a few signs of 5x7 dots, for labels inside pictures. Java's own text
 * drawing needs fonts of the system, which a server or a container often has not.
 *
 * <p>The resource {@code glyphs.txt} has blocks of a line with the characters and seven lines with
 * a row of each, {@code #} for a dot.
 */
final class Glyphs {
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
