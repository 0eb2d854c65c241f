package io.github.consistencydecoder.core.diagnostics;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.core.ConsistencyDecoderProvider;
import io.github.consistencydecoder.core.TestDecoders;
import io.github.consistencydecoder.core.opening.ModelSettings;
import io.github.consistencydecoder.plugin.DecoderConfig;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The self-test passes for a trained decoder and fails for one that draws nothing of what is in the
 * latent.
 */
class SelfTestTest {
  @TempDir Path cache;

  @Test
  void theBundledModelPasses() {
    DecoderConfig config =
        DecoderConfig.model("tiny")
            .with(DecoderConfig.DEVICE, "cpu")
            .with(ConsistencyDecoderProvider.CACHE, cache.toString());
    SelfTest.Report report = SelfTest.run(config, line -> {});
    assertThat(report.lines()).allMatch(line -> line.startsWith("ok"));
    assertThat(report.passed()).isTrue();
    assertThat(report.lines()).hasSize(10);
  }

  @Test
  @Tag("slow")
  void halfPrecisionPassesWithinWhatItCanHold() {
    DecoderConfig config =
        DecoderConfig.model("tiny")
            .with(DecoderConfig.DEVICE, "cpu")
            .with(DecoderConfig.DTYPE, "float16")
            .with(ConsistencyDecoderProvider.CACHE, cache.toString());
    SelfTest.Report report = SelfTest.run(config, line -> {});
    assertThat(report.lines()).allMatch(line -> line.startsWith("ok"));
  }

  @Test
  @Tag("slow")
  void aLayoutThatIsAskedForIsComparedWithTheOther() {
    DecoderConfig config =
        DecoderConfig.model("tiny")
            .with(DecoderConfig.DEVICE, "cpu")
            .with(ModelSettings.LAYOUT, "nhwc")
            .with(ConsistencyDecoderProvider.CACHE, cache.toString());
    SelfTest.Report report = SelfTest.run(config, line -> {});
    assertThat(report.lines())
        .hasSize(11)
        .allMatch(line -> line.startsWith("ok"))
        .anyMatch(line -> line.contains("nhwc in float32 on cpu, against the CPU"));
  }

  @Test
  @Tag("slow")
  void anUntrainedModelFailsOnThePictureAlone() {
    DecoderConfig config =
        TestDecoders.config(TestDecoders.resource("formats/f32/diffusers"), cache);
    SelfTest.Report report = SelfTest.run(config, line -> {});
    assertThat(report.passed()).isFalse();
    assertThat(report.lines().stream().filter(line -> line.startsWith("FAILED")))
        .singleElement()
        .asString()
        .contains("the picture is what the latent holds");
  }

  @ParameterizedTest
  @CsvSource({
    "cpu, float32, 2e-5",
    "cpu, float16, 2e-2",
    "cuda:0, float16, 2e-2",
    "cuda:1, float32, 2e-2"
  })
  void aGpuIsNotAskedForDigitsThatItDoesNotCompute(String device, String dtype, double most) {
    assertThat(SelfTest.tolerance(Map.of("device", device, "dtype", dtype))).isEqualTo(most);
  }

  @Test
  @Tag("slow")
  void aMissingModelIsReportedNotThrown() {
    SelfTest.Report report =
        SelfTest.run(TestDecoders.config(cache.resolve("nothing"), cache), line -> {});
    assertThat(report.passed()).isFalse();
    assertThat(report.lines().get(report.lines().size() - 1)).contains("nothing");
  }
}
