package io.github.consistencydecoder.core.sampler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import io.github.consistencydecoder.core.noise.NoiseSource;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.DecodeListener;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Schedule;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class SamplerTest {
  /**
   * The reference has PyTorch's constants, up to 1e-6 of their value beside ours, applied four
   * times at most to values below 4.
   */
  private static final double TOLERANCE = 5e-6;

  @ParameterizedTest
  @MethodSource("goldens")
  void everyScheduleAndClampAgreesWithPyTorch(
      String timesteps,
      String shape,
      long seed,
      String clamp,
      double mean,
      double magnitude,
      String samples) {
    DecodeOptions options =
        DecodeOptions.builder()
            .schedule(Schedule.parse(timesteps))
            .clamp(ClampMode.parse(clamp))
            .build();
    int[] size = Stream.of(shape.split(",", -1)).mapToInt(Integer::parseInt).toArray();
    NoiseSource noise = NoiseSource.of(Noise.seeded(seed), size[0], size[1], size[2]);

    float[] x0 = FakeNetwork.sampler().sample(options, noise, new FakeNetwork()).x0();

    assertThat(IntStream.range(0, x0.length).mapToDouble(i -> x0[i]).average().orElseThrow())
        .isCloseTo(mean, within(TOLERANCE));
    assertThat(
            IntStream.range(0, x0.length).mapToDouble(i -> Math.abs(x0[i])).average().orElseThrow())
        .isCloseTo(magnitude, within(TOLERANCE));
    String[] expected = samples.split(",", -1);
    for (int k = 0; k < expected.length; k++) {
      assertThat((double) x0[k * (x0.length / 24)])
          .as("value %d", k * (x0.length / 24))
          .isCloseTo(Double.parseDouble(expected[k]), within(TOLERANCE));
    }
  }

  static Stream<Arguments> goldens() throws IOException {
    try (InputStream in = SamplerTest.class.getResourceAsStream("/sampler/sampler.tsv")) {
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .map(line -> Arguments.of((Object[]) line.split("\t", -1)));
    }
  }

  @Test
  void theListenerHearsEveryStepInOrder() {
    List<String> heard = new ArrayList<>();
    List<Long> nanos = new ArrayList<>();
    DecodeListener listener =
        new DecodeListener() {
          @Override
          public void stepStarted(int step, int steps, int timestep) {
            heard.add("started " + step + " of " + steps + " at " + timestep);
          }

          @Override
          public void stepFinished(int step, int steps, long taken) {
            heard.add("finished " + step + " of " + steps);
            nanos.add(taken);
          }
        };
    Sampler.Sampled sampled =
        sample(DecodeOptions.builder().listener(listener).build(), new FakeNetwork());
    assertThat(heard)
        .containsExactly(
            "started 0 of 2 at 1008",
            "finished 0 of 2",
            "started 1 of 2 at 512",
            "finished 1 of 2");
    assertThat(sampled.stepNanos()).isEqualTo(nanos).allMatch(n -> n > 0);
  }

  @Test
  void aSwitchThrownBeforehandStopsTheFirstStep() {
    Cancellation cancellation = new Cancellation();
    cancellation.cancel();
    FakeNetwork network = new FakeNetwork();
    assertCode(
        DecoderErrorCode.CANCELLED,
        () -> sample(DecodeOptions.builder().cancellation(cancellation).build(), network));
    assertThat(network.evaluations).isZero();
  }

  @Test
  void aSwitchThrownDuringAStepStopsTheNext() {
    Cancellation cancellation = new Cancellation();
    FakeNetwork network = new FakeNetwork();
    StepEvaluator throwing =
        (in, xt, x0, unused) -> {
          network.evaluate(in, xt, x0, unused);
          cancellation.cancel();
        };
    assertCode(
        DecoderErrorCode.CANCELLED,
        () -> sample(DecodeOptions.builder().cancellation(cancellation).build(), throwing));
    assertThat(network.evaluations).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(ClampMode.class)
  void aNetworkThatGivesNaNIsNotTurnedIntoAPicture(ClampMode clamp) {
    StepEvaluator broken =
        (in, xt, x0, cancellation) -> {
          x0[3] = Float.NaN;
          x0[4] = Float.POSITIVE_INFINITY;
        };
    assertThatExceptionOfType(DecoderException.class)
        .isThrownBy(() -> sample(DecodeOptions.builder().clamp(clamp).build(), broken))
        .withMessage(
            "the network gave 2 of 192 values that are NaN or infinite at timestep 1008:"
                + " its weights may be damaged, or its precision too small for them; try float32")
        .extracting(DecoderException::code)
        .isEqualTo(DecoderErrorCode.RUNTIME_FAILED);
  }

  private static Sampler.Sampled sample(DecodeOptions options, StepEvaluator evaluator) {
    NoiseSource noise = NoiseSource.of(options.noise(), 1, 8, 8);
    return FakeNetwork.sampler().sample(options, noise, evaluator);
  }

  /**
   * For values of normal distribution N(mu, s^2) the exact network is known: it moves a noisy value
   * to {@code mu + s / hypot(s, sigma) (x / sqrt(acp) - mu)}. Expected values: NumPy, float64.
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "1008,512; ; 0.7 -1.3; 0.07744115330500849",
        "512; 0.35; 0.7; 0.2843633224682735",
        "256; 0.35; 0.7; 0.30237324767731255",
        "512,256; 0.35; 0.7 -1.3; 0.09267347243376477"
      })
  void gaussianValuesAreThoseOfTheClosedForm(
      String schedule, Float start, String noise, double expected) {
    DecodeOptions options =
        DecodeOptions.builder()
            .schedule(Schedule.parse(schedule))
            .clamp(ClampMode.NONE)
            .noise(Stream.of(noise.split(" ")).map(n -> filled(Float.parseFloat(n))).toList())
            .build();
    StepEvaluator gaussian =
        (in, xt, x0, cancellation) -> {
          NoiseSchedule.Coefficients c = NoiseSchedule.coefficients((int) in.conditioning()[0]);
          double w = 0.1 / Math.hypot(0.1, c.sqrtOneMinusAcp() / c.sqrtAcp());
          for (int i = 0; i < xt.length; i++) {
            x0[i] = (float) (0.2 + w * (xt[i] / c.sqrtAcp() - 0.2));
          }
        };

    float[] x0 =
        FakeNetwork.sampler()
            .sample(
                options,
                NoiseSource.of(options.noise(), 1, 8, 8),
                start == null ? null : filled(start),
                gaussian)
            .x0();

    assertThat(x0[0]).isCloseTo((float) expected, within(2e-6f));
  }

  @Test
  void aStartKeepsTheNoiseOfTheSecondStep() {
    List<float[]> seen = new ArrayList<>();
    DecodeOptions options = DecodeOptions.builder().seed(9).schedule(Schedule.WARM).build();
    StepEvaluator recorder = (in, xt, x0, cancellation) -> seen.add(xt.clone());
    NoiseSource noise = NoiseSource.of(options.noise(), 1, 8, 8);
    FakeNetwork.sampler().sample(options, noise, filled(3f), recorder);

    NoiseSource generator = NoiseSource.of(Noise.seeded(9), 1, 8, 8);
    float[] second = new float[192];
    generator.next(second);
    generator.next(second);
    NoiseSchedule.Coefficients c = NoiseSchedule.coefficients(512);
    for (int i = 0; i < second.length; i++) {
      assertThat(seen.get(0)[i])
          .isEqualTo((float) c.sqrtAcp() * 1f + (float) c.sqrtOneMinusAcp() * second[i]);
    }
  }

  private static float[] filled(float value) {
    float[] values = new float[192];
    Arrays.fill(values, value);
    return values;
  }

  private static void assertCode(DecoderErrorCode code, ThrowingCallable call) {
    assertThatExceptionOfType(DecoderException.class)
        .isThrownBy(call)
        .extracting(DecoderException::code)
        .isEqualTo(code);
  }
}
