package io.github.consistencydecoder.formats.tensors;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class Float16Test {
  /** The definition of binary16, in double arithmetic. */
  private static double valueOfHalf(int bits) {
    int exponent = bits >> 10 & 0x1f;
    int fraction = bits & 0x3ff;
    double magnitude =
        exponent == 31
            ? fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN
            : exponent == 0
                ? fraction * Math.pow(2, -24)
                : (1024 + fraction) * Math.pow(2, exponent - 25);
    return (bits & 0x8000) == 0 ? magnitude : -magnitude;
  }

  @Test
  void everyHalfHasItsDefinedValue() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = Float16.toFloat((short) bits);
      assertThat(Float.compare(value, (float) valueOfHalf(bits))).as("half %04x", bits).isZero();
    }
  }

  @Test
  void everyHalfSurvivesTheRoundTrip() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      short back = Float16.fromFloat(Float16.toFloat((short) bits));
      if (Double.isNaN(valueOfHalf(bits))) {
        assertThat(valueOfHalf(back & 0xffff)).as("half %04x", bits).isNaN();
      } else {
        assertThat(back).as("half %04x", bits).isEqualTo((short) bits);
      }
    }
  }

  @Test
  void betweenTwoHalvesTheNearerIsTakenAndTheEvenOneInTheMiddle() {
    // Rounding is monotonous: these three points between each pair pin it everywhere.
    for (int bits = 0; bits < 0x7c00; bits++) {
      double next = bits == 0x7bff ? 65536 : valueOfHalf(bits + 1);
      float middle = (float) ((valueOfHalf(bits) + next) / 2);
      int even = bits + (bits & 1);
      assertThat(Float16.fromFloat(middle)).as("after %04x", bits).isEqualTo((short) even);
      assertThat(Float16.fromFloat(Math.nextDown(middle))).isEqualTo((short) bits);
      assertThat(Float16.fromFloat(Math.nextUp(middle))).isEqualTo((short) (bits + 1));
      assertThat(Float16.fromFloat(-middle)).isEqualTo((short) (even | 0x8000));
      assertThat(Float16.fromFloat(-Math.nextDown(middle))).isEqualTo((short) (bits | 0x8000));
      assertThat(Float16.fromFloat(-Math.nextUp(middle))).isEqualTo((short) (bits + 1 | 0x8000));
    }
  }

  @Test
  void floatsBeyondTheHalvesBecomeInfinityOrZero() {
    assertThat(Float16.fromFloat(Float.MAX_VALUE)).isEqualTo((short) 0x7c00);
    assertThat(Float16.fromFloat(Float.NEGATIVE_INFINITY)).isEqualTo((short) 0xfc00);
    assertThat(Float16.fromFloat(Float.MIN_VALUE)).isEqualTo((short) 0);
    assertThat(Float16.fromFloat(-Float.MIN_VALUE)).isEqualTo((short) 0x8000);
  }

  @Test
  void nanStaysNan() {
    float signalling = Float.intBitsToFloat(0x7f800001);
    assertThat(Float16.toFloat(Float16.fromFloat(signalling))).isNaN();
    assertThat(Float16.bfloat16ToFloat(Float16.toBfloat16(signalling))).isNaN();
    assertThat(Float16.bfloat16ToFloat(Float16.toBfloat16(Float.NaN))).isNaN();
  }

  @Test
  void everyBfloat16IsTheUpperHalfOfAFloatAndSurvivesTheRoundTrip() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = Float16.bfloat16ToFloat((short) bits);
      assertThat(Float.compare(value, Float.intBitsToFloat(bits << 16))).isZero();
      if (!Float.isNaN(value)) {
        assertThat(Float16.toBfloat16(value)).as("%04x", bits).isEqualTo((short) bits);
      }
    }
  }

  @Test
  void betweenTwoBfloat16TheNearerIsTakenAndTheEvenOneInTheMiddle() {
    for (int bits = 0; bits < 0x7f80; bits++) {
      float middle = Float.intBitsToFloat(bits << 16 | 0x8000);
      int even = bits + (bits & 1);
      assertThat(Float16.toBfloat16(middle)).as("after %04x", bits).isEqualTo((short) even);
      assertThat(Float16.toBfloat16(Math.nextDown(middle))).isEqualTo((short) bits);
      assertThat(Float16.toBfloat16(Math.nextUp(middle))).isEqualTo((short) (bits + 1));
      assertThat(Float16.toBfloat16(-middle)).isEqualTo((short) (even | 0x8000));
    }
  }
}
