package io.github.consistencydecoder.server.models;

import io.github.consistencydecoder.plugin.DecoderInfo;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Removes from what a decoder says of itself everything that looks like a path of this machine. */
public final class Redaction {
  private static final Pattern PATH =
      Pattern.compile("(^|[\\s'\"=:])(/|~/|[A-Za-z]:[/\\\\]|\\\\\\\\)\\S");

  private Redaction() {}

  /** Names without folders, and sentences without the words of native code after their colon. */
  static DecoderInfo of(DecoderInfo info) {
    int colon = info.device().indexOf(": ");
    String device = colon < 0 ? info.device() : info.device().substring(0, colon);
    return new DecoderInfo(
        info.provider(), file(info.model()), info.digest(), file(device), of(info.details()));
  }

  /** A path is cut to its last name; a text with a path in it is left out. */
  public static Map<String, String> of(Map<String, String> texts) {
    Map<String, String> clean = new TreeMap<>(texts);
    clean.replaceAll((key, value) -> file(value));
    clean.values().removeIf(value -> PATH.matcher(value).find());
    return clean;
  }

  /** Of a text that is a path, the last name. */
  private static String file(String text) {
    boolean path = text.matches("(?s)(/|\\\\\\\\|[A-Za-z]:[/\\\\]).*");
    return path ? text.replaceAll("[/\\\\]+$", "").replaceAll(".*[/\\\\]", "") : text;
  }
}
