package io.github.consistencydecoder.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The records and maps that cross the contract: copied, sorted, unmodifiable. */
class ValuesTest {
  @Test
  void configurationsAreImmutableAndSorted() {
    DecoderConfig model = DecoderConfig.model("tiny");
    DecoderConfig both = model.with(DecoderConfig.DEVICE, "cpu");
    assertThat(model.asMap()).isEqualTo(Map.of("model", "tiny"));
    assertThat(both.get("device")).contains("cpu");
    assertThat(both.get("threads")).isEmpty();
    assertThat(both).hasToString("{device=cpu, model=tiny}");
    assertThat(both.with("device", "cuda").get("device")).contains("cuda");
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> both.asMap().put("a", "b"));
    assertThatNullPointerException().isThrownBy(() -> both.with(null, "x")).withMessage("key");
    assertThatNullPointerException().isThrownBy(() -> both.with("x", null)).withMessage("value");
  }

  @Test
  void resultsCopyTheirParts() {
    List<Long> nanos = new ArrayList<>(List.of(1L));
    Map<String, String> metadata = new HashMap<>(Map.of("b", "2", "a", "1"));
    List<String> warnings = new ArrayList<>(List.of("w"));
    Decoded decoded =
        new Decoded(Pixels.takeOver(new float[3], 1, 1, 1), nanos, 5, metadata, warnings);
    nanos.clear();
    metadata.clear();
    warnings.clear();
    assertThat(decoded.stepNanos()).containsExactly(1L);
    assertThat(decoded.metadata()).hasToString("{a=1, b=2}");
    assertThat(decoded.warnings()).containsExactly("w");
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> decoded.metadata().put("c", "3"));
  }

  @Test
  void informationCopiesItsDetails() {
    Map<String, String> details = new HashMap<>(Map.of("b", "2", "a", "1"));
    DecoderInfo info = new DecoderInfo("fake", "fake", "", "here", details);
    details.clear();
    assertThat(info.details()).hasToString("{a=1, b=2}");
  }

  @Test
  void availabilityNeedsAReason() {
    assertThatNullPointerException()
        .isThrownBy(() -> new Availability(false, null))
        .withMessage("reason");
  }
}
