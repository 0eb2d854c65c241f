package io.github.consistencydecoder.core.sampler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.withinPercentage;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NoiseScheduleTest {
  /** Sums and products of 1024 doubles: 1e-13 of the value leaves room for the C library's cos. */
  private static final double DOUBLE_PERCENT = 1e-11;

  /** PyTorch's float32 constants differ from the exact ones by less than 1e-6 of their value. */
  private static final double FLOAT_PERCENT = 1e-4;

  /** Columns: timestep, quantity, its value in double precision, the bits that PyTorch has. */
  @ParameterizedTest
  @CsvSource({
    "1008, acp, 0.00052106674670260, 3a089836",
    "1008, sqrtAcp, 0.022826886487267637, 3cbaff76",
    "1008, sqrtOneMinusAcp, 0.99973943267898435, 3f7feeec",
    "1008, cSkip, 0.0057089526808672833, 3bbb122d",
    "1008, cOut, 0.4999674195348115, 3efffbbb",
    "1008, cIn, 1.000195457320429, 3f800667",
    "512, acp, 0.49232169706334272, 3efc119d",
    "512, sqrtAcp, 0.70165639529854118, 3f339fc3",
    "512, sqrtOneMinusAcp, 0.71251547557695705, 3f366768",
    "512, cSkip, 0.27810015344951694, 3e8e6329",
    "512, cOut, 0.44857252724577351, 3ee5ab4b",
    "512, cIn, 1.2591236053716401, 3fa12af7",
  })
  void constantsAreThoseOfTheReference(
      int timestep, String quantity, double exact, String pytorchBits) {
    double value = value(NoiseSchedule.coefficients(timestep), quantity);
    assertThat(value).isCloseTo(exact, withinPercentage(DOUBLE_PERCENT));
    double pytorch = Float.intBitsToFloat(Integer.parseUnsignedInt(pytorchBits, 16));
    assertThat(value).isCloseTo(pytorch, withinPercentage(FLOAT_PERCENT));
  }

  @ParameterizedTest
  @CsvSource({"1008, 0.12107271594081315", "512, 0.0030817315578336446", "1023, 0.999"})
  void betasAreThoseOfTheReference(int timestep, double exact) {
    assertThat(NoiseSchedule.beta(timestep)).isCloseTo(exact, withinPercentage(DOUBLE_PERCENT));
  }

  @Test
  void onlyTheLastBetaIsClipped() {
    for (int t = 0; t < 1023; t++) {
      assertThat(NoiseSchedule.beta(t)).as("beta %d", t).isPositive().isLessThan(0.999);
    }
  }

  /** The boundary condition of a consistency model, with the input brought to unit variance. */
  @Test
  void constantsBelongTogetherAtEveryTimestep() {
    double last = 1;
    for (int t = 0; t < NoiseSchedule.TIMESTEPS; t++) {
      NoiseSchedule.Coefficients c = NoiseSchedule.coefficients(t);
      assertThat(c.acp()).as("acp %d", t).isPositive().isLessThan(last);
      last = c.acp();
      assertThat(c.sqrtAcp() * c.sqrtAcp() + c.sqrtOneMinusAcp() * c.sqrtOneMinusAcp())
          .isCloseTo(1, withinPercentage(DOUBLE_PERCENT));
      double inputVariance = c.acp() * 0.25 + (1 - c.acp());
      assertThat(c.cIn() * c.cIn() * inputVariance)
          .as("variance of the network's input at %d", t)
          .isCloseTo(1, withinPercentage(1e-9));
      assertThat(c.cSkip() * inputVariance)
          .as("covariance of the clean picture and x_t at %d", t)
          .isCloseTo(0.25 * c.sqrtAcp(), withinPercentage(1e-9));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 1024})
  void otherTimestepsAreRefused(int timestep) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NoiseSchedule.coefficients(timestep))
        .withMessage("timestep " + timestep + " is outside 0 .. 1023");
  }

  private static double value(NoiseSchedule.Coefficients c, String quantity) {
    return switch (quantity) {
      case "acp" -> c.acp();
      case "sqrtAcp" -> c.sqrtAcp();
      case "sqrtOneMinusAcp" -> c.sqrtOneMinusAcp();
      case "cSkip" -> c.cSkip();
      case "cOut" -> c.cOut();
      case "cIn" -> c.cIn();
      default -> throw new AssertionError(quantity);
    };
  }

  /**
   * In TrigFlow's angle {@code tau = atan(sigma / 0.5)} the scalings are plain trigonometry: {@code
   * cIn = cos / (sqrt(acp) 0.5)}, {@code cSkip = cos^2 / sqrt(acp)}, {@code cOut = 0.5 sin}. That
   * judges them without the formula that they are made by.
   */
  @ParameterizedTest
  @ValueSource(ints = {16, 128, 256, 384, 512, 640, 768, 896, 960, 1008})
  void scalingsAreThoseOfTrigFlow(int timestep) {
    NoiseSchedule.Coefficients c = NoiseSchedule.coefficients(timestep);
    double tau = Math.atan(c.sqrtOneMinusAcp() / c.sqrtAcp() / 0.5);

    assertThat(c.cIn()).isCloseTo(Math.cos(tau) / c.sqrtAcp() / 0.5, withinPercentage(1e-9));
    assertThat(c.cSkip())
        .isCloseTo(Math.cos(tau) * Math.cos(tau) / c.sqrtAcp(), withinPercentage(1e-9));
    assertThat(c.cOut()).isCloseTo(0.5 * Math.sin(tau), withinPercentage(1e-9));
  }
}
