package io.github.consistencydecoder.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.core.opening.ModelSettings;
import io.github.consistencydecoder.models.network.SyntheticWeights;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Decoding with convolutions in Winograd's form: the same pictures, at any size. */
class WinogradDecodeTest {
  private static final Path MODEL = TestDecoders.resource("formats/f32/diffusers");

  /** Two float32 evaluations of one network in two steps, with images clamped to [-1, 1]. */
  private static final float ROUNDING = 5e-5f;

  /** Of the tests that do not look into it. */
  @TempDir static Path shared;

  private static LatentDecoder direct;
  private static LatentDecoder winograd;

  @TempDir Path cache;

  @BeforeAll
  static void open() {
    direct = open(config("direct", shared));
    winograd = open(config("winograd", shared));
  }

  @AfterAll
  static void close() {
    direct.close();
    winograd.close();
  }

  private DecoderConfig config(String convolutions) {
    return config(convolutions, cache);
  }

  private static DecoderConfig config(String convolutions, Path cache) {
    return TestDecoders.config(MODEL, cache).with(ModelSettings.CONVOLUTIONS, convolutions);
  }

  private static LatentDecoder open(DecoderConfig config) {
    return new ConsistencyDecoderProvider().open(config);
  }

  private static Latents latents(int batch, int height, int width) {
    float[] z = new float[batch * 4 * height * width];
    for (int i = 0; i < z.length; i++) {
      z[i] = (float) Math.sin(i);
    }
    return Latents.scaled(z, batch, 4, height, width);
  }

  private static FloatBuffer picture(LatentDecoder decoder, int height, int width) {
    return decoder.decode(latents(1, height, width), DecodeOptions.defaults()).pixels().values();
  }

  private static float[] values(FloatBuffer buffer) {
    float[] values = new float[buffer.remaining()];
    buffer.duplicate().get(values);
    return values;
  }

  @ParameterizedTest
  @CsvSource({"1,1", "1,6", "3,5", "7,2", "8,8", "13,9", "25,33"})
  void picturesOfAnySizeAreThoseOfTheDirectForm(int height, int width) {
    float[] expected = values(picture(direct, height, width));
    FloatBuffer found = picture(winograd, height, width);
    assertThat(TestDecoders.worst(expected, found)).isLessThan(ROUNDING);
    // Not a direct evaluation in disguise.
    assertThat(values(found)).isNotEqualTo(expected);
  }

  @Test
  void aBatchGivesWhatItsPicturesGiveAlone() {
    int n = 3 * 64 * 3 * 4;
    float[] noise = SyntheticWeights.input("noise", 2 * n);
    Noise both = Noise.given(List.of(noise, noise));
    float[] half = Arrays.copyOf(noise, n);
    Noise one = Noise.given(List.of(half, half));
    FloatBuffer two = decode(winograd, latents(2, 3, 4), both);
    assertThat(two.remaining()).isEqualTo(2 * n);
    assertThat(Arrays.copyOf(values(two), n))
        .isEqualTo(values(decode(winograd, latents(1, 3, 4), one)));
  }

  private static FloatBuffer decode(LatentDecoder decoder, Latents latents, Noise noise) {
    return decoder.decode(latents, DecodeOptions.builder().noise(noise).build()).pixels().values();
  }

  @Test
  void bytesDependNeitherOnThreadsNorOnWhereTheWeightsCameFrom() {
    DecoderConfig config = config("winograd");
    float[] first;
    try (LatentDecoder decoder = open(config.with(DecoderConfig.THREADS, "1"))) {
      assertThat(decoder.info().details()).containsEntry("graph", "built");
      first = values(picture(decoder, 6, 5));
    }
    try (LatentDecoder decoder = open(config.with(DecoderConfig.THREADS, "2"))) {
      assertThat(decoder.info().details()).containsEntry("graph", "cache");
      assertThat(values(picture(decoder, 6, 5))).isEqualTo(first);
      assertThat(values(picture(decoder, 6, 5))).isEqualTo(first);
    }
  }

  @Test
  void manySizesInTurnAndAtOnceGiveTheirOwnPictures() {
    List<float[]> alone = Stream.of(1, 2, 3, 4).map(n -> values(picture(winograd, n, 3))).toList();
    List<CompletableFuture<float[]>> together =
        Stream.of(1, 2, 3, 4)
            .map(n -> CompletableFuture.supplyAsync(() -> values(picture(winograd, n, 3))))
            .toList();
    for (int i = 0; i < alone.size(); i++) {
      assertThat(together.get(i).join()).isEqualTo(alone.get(i));
    }
  }

  @Test
  void whatIsKeptIsTheWeightsTheirIndexAndTheConditioning() throws IOException {
    open(config("winograd")).close();
    try (Stream<Path> files = Files.list(entry())) {
      assertThat(files.map(f -> f.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "winograd.weights",
              "winograd.index",
              "conditioning-1008.f32",
              "conditioning-512.f32",
              "manifest.txt");
    }
  }

  @Test
  void truncatedWeightsAreMadeAgain() throws IOException {
    float[] first;
    try (LatentDecoder decoder = open(config("winograd"))) {
      first = values(picture(decoder, 2, 3));
    }
    Path weights = entry().resolve("winograd.weights");
    try (RandomAccessFile file = new RandomAccessFile(weights.toFile(), "rw")) {
      file.setLength(file.length() / 2);
    }
    try (LatentDecoder decoder = open(config("winograd"))) {
      assertThat(decoder.info().details()).containsEntry("graph", "built");
      assertThat(values(picture(decoder, 2, 3))).isEqualTo(first);
    }
  }

  @Test
  void aSmallNetworkIsDirectUnlessToldOtherwise() {
    try (LatentDecoder standard = open(TestDecoders.config(MODEL, shared))) {
      assertThat(values(picture(standard, 2, 2))).isEqualTo(values(picture(direct, 2, 2)));
    }
  }

  @Test
  void anUnknownFormIsRefused() {
    assertThatThrownBy(() -> open(config("fft")))
        .isInstanceOfSatisfying(
            DecoderException.class,
            e -> assertThat(e.code()).isEqualTo(DecoderErrorCode.INVALID_OPTIONS))
        .hasMessageContaining("'fft'")
        .hasMessageContaining("auto, direct and winograd");
  }

  private Path entry() throws IOException {
    try (Stream<Path> entries = Files.list(cache.resolve("graphs"))) {
      List<Path> all = entries.toList();
      assertThat(all).hasSize(1);
      return all.get(0);
    }
  }
}
