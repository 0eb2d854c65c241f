package io.github.consistencydecoder.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.lang.reflect.Method;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class DecodeOptionsTest {
  @Test
  void defaultsAreThePublishedDecoderWithSeedZero() {
    DecodeOptions options = DecodeOptions.defaults();
    assertThat(options.noise()).isEqualTo(Noise.seeded(0));
    assertThat(options.schedule()).isEqualTo(Schedule.TWO_STEPS);
    assertThat(options.clamp()).isEqualTo(ClampMode.EACH_STEP);
    assertThat(options.tiling()).isEqualTo(Tiling.AUTO);
    assertThat(options.listener()).isSameAs(DecodeListener.NONE);
    assertThat(options.cancellation().isCancelled()).isFalse();
  }

  @Test
  void aBuilderStartsAtTheOptionsItCameFrom() {
    DecodeListener listener = new DecodeListener() {};
    Cancellation cancellation = new Cancellation();
    DecodeOptions options =
        DecodeOptions.builder()
            .seed(42)
            .schedule(Schedule.ONE_STEP)
            .clamp(ClampMode.NONE)
            .tiling(Tiling.EXACT)
            .listener(listener)
            .cancellation(cancellation)
            .build()
            .toBuilder()
            .build();
    assertThat(options.noise()).isEqualTo(Noise.seeded(42));
    assertThat(options.schedule()).isEqualTo(Schedule.ONE_STEP);
    assertThat(options.clamp()).isEqualTo(ClampMode.NONE);
    assertThat(options.tiling()).isEqualTo(Tiling.EXACT);
    assertThat(options.listener()).isSameAs(listener);
    assertThat(options.cancellation()).isSameAs(cancellation);
  }

  /** Another value of each property than {@link DecodeOptions#defaults} has. */
  private static final Map<String, UnaryOperator<DecodeOptions.Builder>> OTHERS =
      Map.of(
          "noise", b -> b.noise(Noise.seeded(9)),
          "schedule", b -> b.schedule(Schedule.ONE_STEP),
          "start", b -> b.start(Start.given(picture())),
          "keep", b -> b.keep(Keep.of(picture(), Mask.of(new boolean[64], 1, 8, 8))),
          "clamp", b -> b.clamp(ClampMode.NONE),
          "tiling", b -> b.tiling(Tiling.EXACT),
          "listener", b -> b.listener(new DecodeListener() {}),
          "cancellation", b -> b.cancellation(new Cancellation()));

  /** Keys are made of the map and copies of the builder: neither may forget a property. */
  @Test
  void neitherTheMapNorACopyForgetsAProperty() throws ReflectiveOperationException {
    Set<String> properties = new HashSet<>();
    for (Method method : DecodeOptions.Builder.class.getMethods()) {
      if (method.getReturnType() == DecodeOptions.Builder.class
          && !method.getName().equals("seed")) {
        properties.add(method.getName());
      }
    }
    assertThat(OTHERS.keySet()).isEqualTo(properties);
    for (String property : properties) {
      DecodeOptions other = OTHERS.get(property).apply(DecodeOptions.builder()).build();
      Method getter = DecodeOptions.class.getMethod(property);
      assertThat(getter.invoke(other.toBuilder().build()))
          .as(property)
          .isEqualTo(getter.invoke(other))
          .isNotEqualTo(getter.invoke(DecodeOptions.defaults()));
      boolean result = !property.equals("listener") && !property.equals("cancellation");
      assertThat(other.asMap().equals(DecodeOptions.defaults().asMap()))
          .as(property)
          .isEqualTo(!result);
    }
  }

  private static Pixels picture() {
    return Pixels.takeOver(new float[192], 1, 8, 8);
  }

  @Test
  void aStartHasAScheduleOfItsOwnUnlessOneIsGiven() {
    DecodeOptions warm = DecodeOptions.builder().start(Start.given(picture())).build();
    assertThat(warm.schedule()).isEqualTo(Schedule.WARM);
    assertThat(warm.toBuilder().start(Start.NOISE).build().schedule())
        .isEqualTo(Schedule.TWO_STEPS);
    assertThat(warm.toBuilder().schedule(Schedule.ONE_STEP).build().toBuilder().build().schedule())
        .isEqualTo(Schedule.ONE_STEP);
    assertThat(DecodeOption.printAll(warm))
        .containsEntry("start", "given")
        .containsEntry("schedule", "512");
  }

  @Test
  void masksAndKnownPicturesOfDifferentSizesAreRefused() {
    Mask mask = Mask.threshold(new float[] {0, 0.4f, 0.5f, 1}, 1, 2, 2);
    assertThat(mask.repaints(0, 1)).isFalse();
    assertThat(mask.repaints(0, 2)).isTrue();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Keep.of(picture(), mask))
        .withMessage("the mask has 2x2 pixels, the known picture 8x8; the same size is needed");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Mask.threshold(new float[] {Float.NaN}, 1, 1, 1))
        .withMessage("the mask has the value NaN at index 0; values of 0 to 1 needed");
    Mask fitting = Mask.of(new boolean[64], 1, 8, 8);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Keep(picture(), fitting, 257, 0, false))
        .withMessage("feather is 0 to 256 pixels, not 257");
  }

  @Test
  void whatEverybodySharesCannotBeCancelled() {
    assertThatIllegalStateException()
        .isThrownBy(() -> DecodeOptions.defaults().cancellation().cancel())
        .withMessageContaining("Cancellation.NEVER cannot be cancelled");
    assertThat(DecodeOptions.defaults().cancellation().isCancelled()).isFalse();
    assertThat(DecodeOptions.builder().build().cancellation()).isSameAs(Cancellation.NEVER);
  }

  @Test
  void givenNoiseForAnotherNumberOfStepsIsRefused() {
    DecodeOptions.Builder builder = DecodeOptions.builder().noise(List.of(new float[192]));
    assertThatIllegalArgumentException()
        .isThrownBy(builder::build)
        .withMessage("noise for 1 steps was given, the schedule 1008,512 has 2");
    assertThat(builder.schedule(Schedule.ONE_STEP).build().noise()).hasToString("given");
  }

  @Test
  void givenNoiseIsCopied() {
    float[] step = new float[192];
    Noise.Given noise = (Noise.Given) Noise.given(List.of(step));
    step[0] = 1;
    assertThat(noise.steps()).isEqualTo(1);
    assertThat(noise.step(0).get(0)).isZero();
    assertThat(noise.step(0).isReadOnly()).isTrue();
  }

  @Test
  void noNoiseAndNoSeedsAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Noise.given(List.of()))
        .withMessage("one noise tensor per step is needed, none was given");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Noise.seededPerImage(List.of()))
        .withMessage("one seed per image is needed, none was given");
  }

  @Test
  void noiseIsWrittenAsTheSeedsItCameFrom() {
    assertThat(Noise.seeded(-7)).hasToString("-7");
    assertThat(Noise.seededPerImage(List.of(1L, 2L))).hasToString("1,2");
  }

  @Test
  void nullsAreRefused() {
    DecodeOptions.Builder builder = DecodeOptions.builder();
    assertThatNullPointerException().isThrownBy(() -> builder.noise((Noise) null));
    assertThatNullPointerException().isThrownBy(() -> builder.schedule(null));
    assertThatNullPointerException().isThrownBy(() -> builder.clamp(null));
    assertThatNullPointerException().isThrownBy(() -> builder.tiling(null));
    assertThatNullPointerException().isThrownBy(() -> builder.listener(null));
    assertThatNullPointerException().isThrownBy(() -> builder.cancellation(null));
  }

  @Test
  void clampModesReadWhatTheyWrite() {
    for (ClampMode mode : ClampMode.values()) {
      assertThat(ClampMode.parse(mode.id())).isEqualTo(mode);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ClampMode.parse("NONE"))
        .withMessage("clamp mode 'NONE' is unknown; each-step and none exist");
  }

  @Test
  void waysOfTilingReadWhatTheyWrite() {
    for (Tiling tiling : Tiling.values()) {
      assertThat(Tiling.parse(tiling.id())).isEqualTo(tiling);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Tiling.parse("tiles"))
        .withMessage("tiling 'tiles' is unknown; auto, whole, exact and overlapped exist");
  }
}
