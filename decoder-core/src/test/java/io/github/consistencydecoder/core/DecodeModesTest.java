package io.github.consistencydecoder.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.consistencydecoder.core.preview.PreviewDecoderProvider;
import io.github.consistencydecoder.models.network.SyntheticWeights;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Keep;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Mask;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.plugin.Schedule;
import io.github.consistencydecoder.plugin.Start;
import io.github.consistencydecoder.plugin.Tiling;
import io.github.consistencydecoder.testing.SampleLatents;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Warm start, known pixels, regions and shared noise, in all the ways that they meet. */
class DecodeModesTest {
  private static final double TOLERANCE = 2e-5;

  @TempDir static Path folder;
  private static LatentDecoder decoder;

  @BeforeAll
  static void open() throws Exception {
    Path reduced = folder.resolve("reduced.safetensors");
    SyntheticWeights.write(SyntheticWeights.reducedNetwork(), reduced);
    decoder = TestDecoders.open(reduced, folder.resolve("cache"));
  }

  @AfterAll
  static void close() {
    decoder.close();
  }

  /** Expected values: the reduced network in NumPy, float64, from the same start and noise. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "512; EACH_STEP; -0.01841364541569233; -0.539164993835062; 0.2209298462305662",
        "512; NONE; -0.019746532697431846; -0.539164993835062; 0.2209298462305662",
        "512,256; EACH_STEP; -0.027206598961278014; -0.17124981819824525; 0.1119165580902107"
      })
  void aWarmStartGivesTheKnownValues(
      String schedule, ClampMode clamp, double mean, double first, double middle) {
    float[] z = SyntheticWeights.input("input.latent", 4 * 4 * 6);
    float[] start = SyntheticWeights.input("input.image", 3 * 32 * 48);
    for (int i = 0; i < z.length; i++) {
      z[i] *= 5;
    }
    for (int i = 0; i < start.length; i++) {
      start[i] *= 0.25f;
    }
    Schedule steps = Schedule.parse(schedule);
    List<float[]> noise = new ArrayList<>();
    for (int k = 1; k <= steps.timesteps().size(); k++) {
      noise.add(SyntheticWeights.input("input.noise" + k, start.length));
    }

    Decoded decoded =
        decoder.decode(
            Latents.unscaled(z, 1, 4, 4, 6),
            DecodeOptions.builder()
                .start(Start.given(Pixels.takeOver(start, 1, 32, 48)))
                .schedule(steps)
                .clamp(clamp)
                .noise(noise)
                .build());

    FloatBuffer values = decoded.pixels().values();
    double sum = 0;
    for (int i = 0; i < values.limit(); i++) {
      sum += values.get(i);
    }
    assertThat(sum / values.limit()).isCloseTo(mean, within(TOLERANCE));
    assertThat((double) values.get(0)).isCloseTo(first, within(TOLERANCE));
    assertThat((double) values.get((32 + 16) * 48 + 24)).isCloseTo(middle, within(TOLERANCE));
    assertThat(decoded.metadata())
        .containsEntry("start", "given")
        .containsEntry("schedule", schedule);
  }

  /** {@code sqrt(acp) x0 + sqrt(1 - acp) n = sqrt(1 - acp) (n + x0 / sigma)}. */
  @Test
  void aWarmStartIsGivenNoisePlusTheStartOverSigma() {
    Pixels start = random(1, 32, 48, 3);
    float[] noise = noise(1, 32, 48, 4);
    float[] shifted = new float[noise.length];
    for (int i = 0; i < noise.length; i++) {
      shifted[i] = (float) (noise[i] + start.values().get(i) / 1.01547635046);
    }
    Latents latents = latents(1, 4, 6);
    DecodeOptions warm =
        DecodeOptions.builder().start(Start.given(start)).noise(List.of(noise)).build();
    DecodeOptions cold =
        DecodeOptions.builder().schedule(Schedule.WARM).noise(List.of(shifted)).build();

    assertThat(worst(decoder.decode(latents, warm), decoder.decode(latents, cold)))
        .isLessThan(1e-5f);
  }

  @Test
  void anotherDecoderMayMakeTheStart() {
    Latents latents = latents(2, 4, 6);
    try (LatentDecoder cheap = new PreviewDecoderProvider().open(DecoderConfig.empty())) {
      DecodeOptions options = DecodeOptions.builder().start(Start.decodedBy(cheap)).build();
      Pixels made = cheap.decode(latents, DecodeOptions.defaults()).pixels();
      Decoded by = decoder.decode(latents, options);
      Decoded given = decoder.decode(latents, options.toBuilder().start(Start.given(made)).build());

      assertThat(by.pixels().values()).isEqualTo(given.pixels().values());
      assertThat(by.metadata()).containsEntry("start", options.start().toString());
      assertThat(decoder.estimate(2, 4, 6, options).operations())
          .isEqualTo(
              decoder.estimate(2, 4, 6, DecodeOptions.defaults()).operations() / 2
                  + cheap.estimate(2, 4, 6, DecodeOptions.defaults()).operations());
    }
  }

  @ParameterizedTest
  @EnumSource(Tiling.class)
  void knownPixelsComeBackHoweverThePictureIsDivided(Tiling tiling) {
    Latents latents = latents(1, 48, 40);
    byte[] bytes = new byte[384 * 320 * 3];
    new Random(5).nextBytes(bytes);
    Mask mask = mask(384, 320, 200, 260, 10, 90);
    DecodeOptions options =
        DecodeOptions.builder()
            .seed(3)
            .tiling(tiling)
            .start(Start.given(random(1, 384, 320, 6)))
            .keep(Keep.of(Pixels.ofRgb8(bytes, 1, 384, 320), mask))
            .build();

    Decoded decoded = decoder.decode(latents, options);

    for (Pixels.Rounding rounding : Pixels.Rounding.values()) {
      byte[] out = decoded.pixels().rgb8(0, rounding);
      int lost = 0;
      int changed = 0;
      for (int i = 0; i < out.length; i++) {
        if (out[i] != bytes[i]) {
          if (mask.repaints(0, i / 3)) {
            changed++;
          } else {
            lost++;
          }
        }
      }
      assertThat(lost).as("known bytes, %s", rounding).isZero();
      assertThat(changed).isGreaterThan(60 * 80);
    }
    assertThat(decoded.metadata())
        .containsEntry("keep", "feather 4, grow 0")
        .containsEntry("region", "13,45,0,32");
  }

  @Test
  void aRegionHasTheNoiseOfTheWholePictureAndCostsItsShare() {
    Latents latents = latents(1, 48, 48);
    Keep keep = Keep.of(random(1, 384, 384, 2), mask(384, 384, 180, 220, 180, 220));
    DecodeOptions region = DecodeOptions.builder().seed(8).keep(keep).build();
    DecodeOptions whole =
        region.toBuilder().keep(new Keep(keep.known(), keep.mask(), 4, 0, true)).build();

    Decoded part = decoder.decode(latents, region);
    Decoded all = decoder.decode(latents, whole);

    assertThat(part.metadata()).containsEntry("region", "9,41,9,41");
    assertThat(all.metadata()).containsEntry("region", "0,48,0,48");
    // The statistics of the norms are the region's own, so that the two are near, not equal.
    double sum = 0;
    for (int c = 0; c < 3; c++) {
      for (int y = 185; y < 215; y++) {
        for (int x = 185; x < 215; x++) {
          int at = (c * 384 + y) * 384 + x;
          sum += Math.abs(part.pixels().values().get(at) - all.pixels().values().get(at));
        }
      }
    }
    assertThat(sum / (3 * 30 * 30)).isLessThan(0.1);
    double share = 32.0 * 32 / (48 * 48);
    assertThat(decoder.estimate(1, 48, 48, region).operations())
        .isCloseTo(
            share * decoder.estimate(1, 48, 48, whole).operations(),
            within(0.01 * decoder.estimate(1, 48, 48, whole).operations()));
  }

  @Test
  void anEmptyMaskEvaluatesNothing() {
    Keep keep = Keep.of(random(1, 32, 48, 2), mask(32, 48, 0, 0, 0, 0));
    DecodeOptions options = DecodeOptions.builder().keep(keep).build();

    Decoded decoded = decoder.decode(latents(1, 4, 6), options);

    assertThat(decoded.pixels().values()).isEqualTo(keep.known().values());
    assertThat(decoded.stepNanos()).isEmpty();
    assertThat(decoded.warnings()).anyMatch(w -> w.contains("nothing to decode"));
    assertThat(decoder.estimate(1, 4, 6, options).operations()).isZero();
  }

  @Test
  void equalLatentsWithSharedNoiseAreEqualPicturesInAnyBatch() {
    Latents one = latents(1, 4, 6);
    float[] values = new float[3 * one.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = one.values().get(i % one.size());
    }
    DecodeOptions options = DecodeOptions.builder().noise(Noise.shared(11)).build();
    Pixels batch = decoder.decode(Latents.scaled(values, 3, 4, 4, 6), options).pixels();
    byte[] alone = decoder.decode(one, options).pixels().rgb8(0, Pixels.Rounding.NEAREST);

    for (int n = 0; n < 3; n++) {
      assertThat(batch.rgb8(n, Pixels.Rounding.NEAREST)).isEqualTo(alone);
    }
  }

  @Test
  void aStartThatDoesNotFitIsRefusedInASentence() {
    Latents latents = latents(1, 4, 6);
    refused(
        latents,
        Start.given(random(1, 32, 32, 1)),
        "the start has 1 pictures of 32x32 pixels; 1 of 48x32 are needed, as the latents decode"
            + " to");
    float[] bad = new float[3 * 32 * 48];
    bad[7] = Float.NaN;
    refused(
        latents,
        Start.given(Pixels.takeOver(bad, 1, 32, 48)),
        "the start has the value NaN; pictures in [-1, 1] are needed");
    refused(
        latents,
        Start.decodedBy(decoder),
        "the start is decoded by '"
            + Start.decodedBy(decoder)
            + "', a decoder of the same kind; a cheaper one is needed, such as vae or taesd");
  }

  private static void refused(Latents latents, Start start, String sentence) {
    DecodeOptions options = DecodeOptions.builder().start(start).build();
    assertThatThrownBy(() -> decoder.decode(latents, options))
        .isInstanceOf(DecoderException.class)
        .hasMessage(sentence)
        .extracting(e -> ((DecoderException) e).code())
        .isEqualTo(DecoderErrorCode.INVALID_OPTIONS);
  }

  @ParameterizedTest
  @CsvSource({"1008, is forgotten", "128, a blend with the start", "512, "})
  void aStartAtAnUnusualTimestepIsWarnedOf(int timestep, String warning) {
    Decoded decoded =
        decoder.decode(
            latents(1, 4, 6),
            DecodeOptions.builder()
                .start(Start.given(random(1, 32, 48, 1)))
                .schedule(Schedule.of(timestep))
                .build());
    assertThat(decoded.warnings().stream().filter(w -> w.contains("start")))
        .hasSize(warning == null ? 0 : 1)
        .allMatch(w -> w.contains(warning));
  }

  @Test
  void aCancelledStartEndsTheDecode() {
    Cancellation cancellation = new Cancellation();
    try (LatentDecoder cheap = new PreviewDecoderProvider().open(DecoderConfig.empty())) {
      DecodeOptions options =
          DecodeOptions.builder().start(Start.decodedBy(cheap)).cancellation(cancellation).build();
      cancellation.cancel();
      assertThatThrownBy(() -> decoder.decode(latents(1, 4, 6), options))
          .isInstanceOf(DecoderException.class)
          .extracting(e -> ((DecoderException) e).code())
          .isEqualTo(DecoderErrorCode.CANCELLED);
    }
  }

  @Test
  void decodersOfOnePassKeepNoPixels() {
    Keep keep = Keep.of(random(1, 32, 48, 2), mask(32, 48, 0, 8, 0, 8));
    DecodeOptions options = DecodeOptions.builder().keep(keep).build();
    try (LatentDecoder preview = new PreviewDecoderProvider().open(DecoderConfig.empty())) {
      assertThatThrownBy(() -> preview.decode(latents(1, 4, 6), options))
          .isInstanceOf(DecoderException.class)
          .hasMessageContaining("keeps no known pixels");
    }
  }

  private static Latents latents(int batch, int height, int width) {
    return SampleLatents.scaled(1, batch, height, width);
  }

  private static Pixels random(int batch, int height, int width, long seed) {
    Random random = new Random(seed);
    float[] values = new float[batch * 3 * height * width];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat() * 2 - 1;
    }
    return Pixels.takeOver(values, batch, height, width);
  }

  private static float[] noise(int batch, int height, int width, long seed) {
    Random random = new Random(seed);
    float[] values = new float[batch * 3 * height * width];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static Mask mask(int height, int width, int y0, int y1, int x0, int x1) {
    boolean[] repaint = new boolean[height * width];
    for (int y = y0; y < y1; y++) {
      Arrays.fill(repaint, y * width + x0, y * width + x1, true);
    }
    return Mask.of(repaint, 1, height, width);
  }

  private static float worst(Decoded a, Decoded b) {
    float[] values = new float[a.pixels().values().limit()];
    a.pixels().values().get(values);
    return TestDecoders.worst(values, b.pixels().values());
  }
}
