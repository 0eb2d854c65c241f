package io.github.consistencydecoder.formats.io;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ByteSizesTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0 bytes",
    "999, 999 bytes",
    "1000, 1.00 kB",
    "9994, 9.99 kB",
    "9996, 10.0 kB",
    "99960, 100 kB",
    "999499, 999 kB",
    "999500, 1.00 MB",
    "334643276, 335 MB",
    "2490000000, 2.49 GB",
    "9223372036854775807, 9.22 EB"
  })
  void sizesHaveThreeDigits(long bytes, String text) {
    assertThat(ByteSizes.text(bytes)).isEqualTo(text);
  }
}
