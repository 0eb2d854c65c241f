package io.github.consistencydecoder.server.grpc;

import io.github.consistencydecoder.plugin.DecoderInfo;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** What a decoder says of itself, without what looks like a path of this machine. */
final class PublicDetails {
  private static final Pattern PATH =
      Pattern.compile("(^|[\\s'\"=:])(/|~/|[A-Za-z]:\\\\|\\\\\\\\)\\S");

  private PublicDetails() {}

  static Map<String, String> of(DecoderInfo info) {
    Map<String, String> details = new TreeMap<>(info.details());
    details.values().removeIf(value -> PATH.matcher(value).find());
    return details;
  }
}
