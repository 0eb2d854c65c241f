package io.github.consistencydecoder.core.noise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Against values that PyTorch 2.13.0 printed on an x86 machine with AVX-512. */
@SuppressWarnings("FloatingPointLiteralPrecision") // nine digits, as PyTorch printed them
class TorchCpuGeneratorTest {
  @ParameterizedTest
  @CsvSource({
    "0, bf901b85 bf93808a be804bd6 bede255d 3f594515 3f312783 bea1cc6d c0075fc1"
        + " 3ea50138 bfa1b4f4 3eb330ff 3e9dc3bb 3df56f77 3f9e6b93 3f8ef28e be7d367c",
    "0, 3fc53f5c be963c50 c00b7149 3f1184b6 bf8ad1a1",
    "0, bf901b85 bfd91446 3f111004 3f4b235d 3f194d8b bfc70d5b beaec6ca 3fed2f4e 3eefaa55"
        + " bf15e32b be318eeb 3e3be1a4 3fb1d6c0 3fcb0d00 3f72409c bf57fb33 3f6e8c30",
    "42, 3ff6a529 3fbe5f53 3f669567 c006c0db 3f2dacd5 bf9e0591 bd306786 bfcd65ba"
        + " bf408bf0 3fd3095b bec8f2f6 bfb3a966 bf3a566e bf0f36d1 bf44d2a0 3f432f9f",
    "42, 3eac62ae 3e03e69d 3e7016e7 3e6bdc6c bf8fb9c2",
    "42, 3ff6a529 be236d85 befeaae4 3ee111d8 bf4214e2 3f8a0650 3f4d0144 3fd71e93 3eb63345"
        + " 3fa5f12f 3f1c4788 3faad8b0 be6d2eed 3d2b0c00 be80ce7a 3f5c1fb0 be9e9482",
  })
  void float32IsBitEqual(long seed, String hex) {
    String[] expected = hex.split(" ", -1);
    float[] values = new TorchCpuGenerator(seed).normal(expected.length);
    assertThat(IntStream.range(0, values.length).mapToObj(i -> hex(values[i])))
        .containsExactly(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1011650971, 735098497, -0.00118296987, 0.999797345",
    "42, 3109020492, 3572051014, -0.000979380784, 1.00076652"
  })
  void imageNoiseHasTheRecordedSumsAndMoments(
      long seed, long firstSum, long secondSum, double mean, double deviation) {
    TorchCpuGenerator generator = new TorchCpuGenerator(seed);
    float[] first = generator.normal(3 * 512 * 512);
    float[] second = generator.normal(3 * 512 * 512);
    assertThat(sumOfBits(first)).isEqualTo(firstSum);
    assertThat(sumOfBits(second)).isEqualTo(secondSum);
    double m = IntStream.range(0, first.length).mapToDouble(i -> first[i]).average().orElseThrow();
    double variance =
        IntStream.range(0, first.length).mapToDouble(i -> (first[i] - m) * (first[i] - m)).sum()
            / first.length;
    // The recorded figures have nine digits and were themselves summed in float.
    assertThat(m).isCloseTo(mean, within(1e-8));
    assertThat(Math.sqrt(variance)).isCloseTo(deviation, within(1e-7));
  }

  @Test
  void imageNoiseHasTheRecordedEnds() {
    TorchCpuGenerator zero = new TorchCpuGenerator(0);
    assertThat(ends(zero.normal(3 * 512 * 512)))
        .containsExactly(
            -1.12583983f,
            -1.1523602f,
            -0.250578582f,
            -0.433878809f,
            -0.611700237f,
            -0.812428474f,
            -0.299933076f,
            -0.550596356f);
    assertThat(ends(zero.normal(3 * 512 * 512)))
        .containsExactly(
            2.20445633f,
            -0.355248123f,
            -0.0746542215f,
            -0.132650301f,
            -1.23336315f,
            -1.37477982f,
            -0.385384679f,
            -1.65983164f);
    TorchCpuGenerator fortyTwo = new TorchCpuGenerator(42);
    assertThat(ends(fortyTwo.normal(3 * 512 * 512)))
        .containsExactly(
            1.92691529f,
            1.48728406f,
            0.900717199f,
            -2.10552096f,
            -0.45716539f,
            -0.23426491f,
            -0.900008738f,
            -0.870235562f);
    assertThat(ends(fortyTwo.normal(3 * 512 * 512)))
        .containsExactly(
            1.23457444f,
            0.612109721f,
            -0.375089139f,
            -0.457739711f,
            -0.791125238f,
            -1.51776755f,
            0.566761851f,
            -0.133712739f);
  }

  @Test
  void latentNoiseHasTheRecordedEnds() {
    assertThat(ends(new TorchCpuGenerator(0).normal(4 * 64 * 64)))
        .containsExactly(
            -1.12583983f,
            -1.1523602f,
            -0.250578582f,
            -0.433878809f,
            -1.04071403f,
            0.0907838792f,
            -1.36646974f,
            -1.07820797f);
    assertThat(ends(new TorchCpuGenerator(42).normal(4 * 64 * 64)))
        .containsExactly(
            1.92691529f,
            1.48728406f,
            0.900717199f,
            -2.10552096f,
            -0.811143816f,
            -0.635750473f,
            0.972809732f,
            -0.293406099f);
  }

  /** The value kept from a short request survives a long one; a long one ignores it. */
  @Test
  void shortAndLongRequestsMixAsInPyTorch() {
    TorchCpuGenerator generator = new TorchCpuGenerator(5);
    assertThat(generator.normal(3)).containsExactly(-0.486780763f, -0.603821576f, -0.55809623f);
    assertThat(generator.normal(2)).containsExactly(0.667524278f, -0.197415099f);
    assertThat(Arrays.copyOf(generator.normal(16), 2))
        .containsExactly(-0.187292814f, -0.105701633f);
    assertThat(generator.normal(2)).containsExactly(1.94278347f, 0.684642196f);
  }

  /** Libraries' log, sin and cos differ in the last bit of a double: a few units of 1e-16. */
  @Test
  void float64IsEqualToTheLastBitOrSo() {
    assertThat(Arrays.copyOf(new TorchCpuGenerator(0).normalDouble(16), 8))
        .containsExactly(
            new double[] {
              -2.310411800234176, -0.3732508612577643, -1.0608166785462863, 0.99950935478117608,
              -0.88402500458326527, -1.2755469302148053, -0.62322457986607904, -0.86644160191257724
            },
            within(1e-15));
    assertThat(Arrays.copyOf(new TorchCpuGenerator(42).normalDouble(16), 8))
        .containsExactly(
            new double[] {
              0.29955628775026372, 0.24237779080894106, 0.28320739441795323, -0.23294220898382634,
              0.67115322119230025, 0.78176737425469756, -1.7903080050220619, -1.748402801489203
            },
            within(1e-15));
  }

  @Test
  void float64OfOddLengthsIsThatOfPyTorch() {
    TorchCpuGenerator generator = new TorchCpuGenerator(3);
    assertThat(generator.normalDouble(19))
        .containsExactly(
            new double[] {
              -0.21774879177876416, 0.1466771298110492, 0.6690811213485476, -0.47243610013370785,
              -1.3464356890265727, -0.2841692588173489, 0.16794475101412973, 0.7580573286215819,
              1.0784352439814244, 0.34363379791442283, 0.7198251676658504, -0.2213963739970204,
              -0.5840098795893389, -1.224985367308154, -0.269718737037564, 0.20366863384122577,
              0.028752867895017985, 0.24243710319485537, 0.7841722963522199
            },
            within(1e-15));
    assertThat(generator.normalDouble(3))
        .containsExactly(
            new double[] {0.40971655098234555, -0.49248688675538244, -1.1113381293820601},
            within(1e-15));
  }

  @Test
  void halfRoundsTheFloat32ValuesAndDrawsItsTailEarlier() {
    assertThat(new TorchCpuGenerator(0).normalHalf(17))
        .containsExactly(
            -1.12597656f,
            -1.35253906f,
            -1.69628906f,
            0.566894531f,
            0.793457031f,
            0.598632812f,
            -1.5546875f,
            -0.341308594f,
            1.85253906f,
            0.75f,
            -0.585449219f,
            -0.173339844f,
            0.18347168f,
            1.38964844f,
            1.5859375f,
            0.946289062f,
            -0.84375f);
    assertThat(new TorchCpuGenerator(42).normalHalf(17))
        .containsExactly(
            1.92675781f,
            1.64257812f,
            -0.159545898f,
            -0.497314453f,
            0.439697266f,
            -0.758300781f,
            1.078125f,
            0.80078125f,
            1.68066406f,
            1.27929688f,
            1.296875f,
            0.610351562f,
            1.33496094f,
            -0.231567383f,
            0.0417480469f,
            -0.251464844f,
            0.859863281f);
  }

  @Test
  void aRequestWritesNothingOutsideItsRange() {
    float[] values = new float[40];
    new TorchCpuGenerator(0).normal(values, 10, 17);
    assertThat(Arrays.copyOfRange(values, 10, 27)).isEqualTo(new TorchCpuGenerator(0).normal(17));
    assertThat(Arrays.copyOf(values, 10)).containsOnly(0f);
    assertThat(Arrays.copyOfRange(values, 27, 40)).containsOnly(0f);
  }

  /** Bit equality over many seeds, lengths and mixtures of calls; see make_noise_goldens.py. */
  @ParameterizedTest
  @MethodSource("checksums")
  void everyRecordedChecksumIsMet(String seed, String dtype, String sizes, String crc) {
    TorchCpuGenerator generator = new TorchCpuGenerator(Long.parseLong(seed));
    CRC32 actual = new CRC32();
    for (String size : sizes.split(",", -1)) {
      int n = Integer.parseInt(size);
      actual.update(
          switch (dtype) {
            case "float32" -> float32Bytes(generator.normal(n));
            case "float16" -> float16Bytes(generator.normalHalf(n));
            default -> throw new AssertionError("dtype " + dtype);
          });
    }
    assertThat(String.format("%08x", actual.getValue())).isEqualTo(crc);
  }

  static Stream<Arguments> checksums() throws IOException {
    try (InputStream in =
        TorchCpuGeneratorTest.class.getResourceAsStream("/noise/torch-cpu-generator.tsv")) {
      String text = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
      return text.lines()
          .filter(line -> !line.startsWith("#"))
          .map(line -> Arguments.of((Object[]) line.split("\t", -1)));
    }
  }

  private static byte[] float32Bytes(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }

  /** For finite values that are float16 numbers. */
  private static byte[] float16Bytes(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float v : values) {
      int bits = Float.floatToRawIntBits(v);
      int half;
      if (Math.abs(v) < 0x1p-14f) {
        float units = Math.abs(v) * 0x1p24f;
        half = (int) units;
        assertThat(units).as("%s in units of float16", v).isEqualTo(half);
      } else {
        half = ((bits & 0x7fffffff) >> 13) - (112 << 10);
        assertThat(bits & 0x1fff).as("bits of %s beyond float16", v).isZero();
      }
      bytes.putShort((short) ((bits >>> 16 & 0x8000) | half));
    }
    return bytes.array();
  }

  private static String hex(float v) {
    return String.format("%08x", Float.floatToRawIntBits(v));
  }

  private static long sumOfBits(float[] values) {
    int sum = 0;
    for (float v : values) {
      sum += Float.floatToRawIntBits(v);
    }
    return Integer.toUnsignedLong(sum);
  }

  private static float[] ends(float[] values) {
    float[] ends = Arrays.copyOf(values, 8);
    System.arraycopy(values, values.length - 4, ends, 4, 4);
    return ends;
  }
}
