package io.github.consistencydecoder.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** A plugin built against an earlier version must go on working: what is public is written down. */
class PluginApiDiffTest {
  @Test
  void whatIsPublicIsWhatWasWrittenDown() throws Exception {
    String recorded;
    try (InputStream in = PluginApiDiffTest.class.getResourceAsStream("/plugin-api.txt")) {
      recorded = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    assertThat(PluginApiSignatures.lines())
        .as(
            "An addition is fine, a removal or change breaks plugins and needs a line in the"
                + " changelog. To record it: java -cp target/classes:target/test-classes"
                + " io.github.consistencydecoder.plugin.PluginApiSignatures"
                + " src/test/resources/plugin-api.txt")
        .containsExactlyElementsOf(recorded.lines().toList());
  }
}
