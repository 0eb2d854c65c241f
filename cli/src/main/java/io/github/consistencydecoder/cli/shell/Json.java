package io.github.consistencydecoder.cli.shell;

import java.util.Map;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** The one place that writes JSON; loaded only when somebody asks for it. */
final class Json {
  private Json() {}

  static String text(Map<String, ?> document) {
    return JsonMapper.builder()
        .enable(SerializationFeature.INDENT_OUTPUT)
        .build()
        .writeValueAsString(document);
  }
}
