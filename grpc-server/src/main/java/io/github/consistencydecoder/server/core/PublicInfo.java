package io.github.consistencydecoder.server.core;

import io.github.consistencydecoder.plugin.DecoderInfo;
import java.util.Map;
import java.util.TreeMap;

/** What may leave this machine of what a decoder says about itself. */
final class PublicInfo {
  private PublicInfo() {}

  /** Names without folders, and sentences without the words of native code after their colon. */
  static DecoderInfo of(DecoderInfo info) {
    Map<String, String> details = new TreeMap<>(info.details());
    details.replaceAll((key, value) -> file(value));
    return new DecoderInfo(
        info.provider(), file(info.model()), info.digest(), file(clause(info.device())), details);
  }

  /** The metadata of a result, likewise. */
  static Map<String, String> of(Map<String, String> metadata) {
    Map<String, String> clean = new TreeMap<>(metadata);
    clean.replaceAll((key, value) -> file(value));
    return clean;
  }

  private static String clause(String sentence) {
    int colon = sentence.indexOf(": ");
    return colon < 0 ? sentence : sentence.substring(0, colon);
  }

  /** Of a text that is a path, the last name. */
  private static String file(String text) {
    boolean path =
        text.startsWith("/") || text.startsWith("\\\\") || text.matches("[A-Za-z]:[/\\\\].*");
    return path ? text.replaceAll("[/\\\\]+$", "").replaceAll(".*[/\\\\]", "") : text;
  }
}
