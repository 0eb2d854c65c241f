package io.github.consistencydecoder.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.core.opening.ModelSettings;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Decoding channels last, in standard operators: the same pictures, at any size. */
class ChannelsLastDecodeTest {
  private static final Path MODEL = TestDecoders.resource("formats/f32/diffusers");

  /** Two float32 evaluations of one network in two steps, with images clamped to [-1, 1]. */
  private static final float ROUNDING = 5e-5f;

  /** Of the tests that do not look into it. */
  @TempDir static Path shared;

  private static LatentDecoder first;
  private static LatentDecoder last;

  @TempDir Path cache;

  @BeforeAll
  static void open() {
    first = open(config("nchw", shared));
    last = open(config("nhwc", shared));
  }

  @AfterAll
  static void close() {
    first.close();
    last.close();
  }

  private DecoderConfig config(String layout) {
    return config(layout, cache);
  }

  private static DecoderConfig config(String layout, Path cache) {
    return TestDecoders.config(MODEL, cache)
        .with(ModelSettings.LAYOUT, layout)
        .with(ModelSettings.CONVOLUTIONS, "direct");
  }

  private static LatentDecoder open(DecoderConfig config) {
    return new ConsistencyDecoderProvider().open(config);
  }

  private static Decoded decode(LatentDecoder decoder, int batch, int height, int width) {
    float[] z = new float[batch * 4 * height * width];
    for (int i = 0; i < z.length; i++) {
      z[i] = (float) Math.sin(i);
    }
    return decoder.decode(Latents.scaled(z, batch, 4, height, width), DecodeOptions.defaults());
  }

  private static float[] values(FloatBuffer buffer) {
    float[] values = new float[buffer.remaining()];
    buffer.duplicate().get(values);
    return values;
  }

  @ParameterizedTest
  @CsvSource({"1,1,1", "1,1,6", "3,7,5", "1,8,8"})
  void picturesOfAnySizeAreThoseOfTheOtherLayout(int batch, int height, int width) {
    Decoded found = decode(last, batch, height, width);
    float[] expected = values(decode(first, batch, height, width).pixels().values());
    assertThat(TestDecoders.worst(expected, found.pixels().values())).isLessThan(ROUNDING);
    // Not the other graph in disguise.
    assertThat(values(found.pixels().values())).isNotEqualTo(expected);
    assertThat(found.metadata()).containsEntry("layout", "nhwc");
    assertThat(first.info().details()).doesNotContainKey("layout");
  }

  @Test
  void theSecondOpeningUsesWhatTheFirstOneKept() throws Exception {
    float[] kept;
    try (LatentDecoder decoder = open(config("nhwc"))) {
      assertThat(decoder.info().details()).containsEntry("graph", "built");
      kept = values(decode(decoder, 1, 3, 2).pixels().values());
    }
    try (LatentDecoder decoder = open(config("nhwc"))) {
      assertThat(decoder.info().details()).containsEntry("graph", "cache");
      assertThat(values(decode(decoder, 1, 3, 2).pixels().values())).isEqualTo(kept);
    }
    try (Stream<Path> entries = Files.list(cache.resolve("graphs"))) {
      List<Path> all = entries.toList();
      assertThat(all).hasSize(1);
      try (Stream<Path> files = Files.list(all.get(0))) {
        assertThat(files.map(f -> f.getFileName().toString()))
            .containsExactlyInAnyOrder(
                "model.onnx",
                "model.weights",
                "conditioning-1008.f32",
                "conditioning-512.f32",
                "manifest.txt");
      }
    }
  }

  @Test
  void whereNothingCanBeKeptThePictureIsTheSame() throws Exception {
    Path file = Files.writeString(cache.resolve("a-file"), "in the way");
    DecoderConfig config = config("nhwc");
    try (LatentDecoder kept = open(config);
        LatentDecoder uncached = open(config.with(ModelSettings.CACHE, file.toString()))) {
      assertThat(uncached.info().details()).containsEntry("graph", "uncached");
      assertThat(values(decode(uncached, 1, 2, 2).pixels().values()))
          .isEqualTo(values(decode(kept, 1, 2, 2).pixels().values()));
    }
  }

  @Test
  void onTheCpuItIsNotChosen() {
    try (LatentDecoder decoder = open(config("auto"))) {
      assertThat(decoder.info().details()).doesNotContainKey("layout");
    }
  }

  @Test
  void anUnknownLayoutIsRefused() {
    assertThatThrownBy(() -> open(config("nhwcn")))
        .isInstanceOfSatisfying(
            DecoderException.class,
            e -> assertThat(e.code()).isEqualTo(DecoderErrorCode.INVALID_OPTIONS))
        .hasMessageContaining("'nhwcn'")
        .hasMessageContaining("auto, nchw and nhwc");
  }
}
