package io.github.consistencydecoder.cli.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.PictureReader;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.testing.SharedData;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The adapter on the published weights; its numbers are checked through the command. */
final class LpipsDistanceTest {
  @TempDir private Path cache;

  private LpipsDistance open() {
    return LpipsDistance.open(
        SharedData.at("lpips/lpips_squeeze_v0.1.safetensors"),
        DecoderConfig.empty().with("device", "cpu").with("cache", cache.toString()));
  }

  private static Picture picture(String name) throws IOException {
    return new PictureReader().read(SharedData.at("openai-assets").resolve(name)).picture();
  }

  @Test
  void picturesAreMeasured() throws IOException {
    try (LpipsDistance lpips = open()) {
      assertThat(lpips.between(picture("con1.png"), picture("gt1.png")))
          .isCloseTo(0.019656, within(1e-4));
      assertThat(lpips.between(picture("gt1.png"), picture("gt1.png"))).isZero();
    }
  }

  @Test
  void identityNamesTheWeights() {
    try (LpipsDistance lpips = open()) {
      assertThat(lpips.name()).isEqualTo("lpips-squeeze");
      assertThat(lpips.identity()).matches("lpips-squeeze sha256:[0-9a-f]{64}");
    }
  }

  @Test
  void smallestSideIsTheSmallestThatTheMetricTakes() {
    try (LpipsDistance lpips = open()) {
      int side = lpips.smallestSide();
      Picture smallest = Picture.of(side, side, new byte[3 * side * side]);
      assertThat(lpips.between(smallest, smallest)).isZero();

      Picture smaller = Picture.of(side - 1, side, new byte[3 * (side - 1) * side]);
      assertThatThrownBy(() -> lpips.between(smaller, smaller)).hasMessageContaining("too small");
    }
  }

  @Test
  void closedItIsNotUsed() {
    LpipsDistance lpips = open();
    lpips.close();
    lpips.close();

    Picture any = Picture.of(32, 32, new byte[3 * 32 * 32]);
    assertThatIllegalStateException().isThrownBy(() -> lpips.between(any, any));
  }

  @Test
  void fileThatIsNotThereIsAModelError() {
    assertThatThrownBy(
            () -> LpipsDistance.open(cache.resolve("none.safetensors"), DecoderConfig.empty()))
        .isInstanceOfSatisfying(
            DecoderException.class,
            e -> assertThat(e.code()).isEqualTo(DecoderErrorCode.MODEL_MISSING));
  }
}
