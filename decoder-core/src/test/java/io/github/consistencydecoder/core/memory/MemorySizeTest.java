package io.github.consistencydecoder.core.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemorySizeTest {
  @ParameterizedTest
  @CsvSource({
    "4GiB,4294967296",
    "1.5GiB,1610612736",
    "800MB,800000000",
    "800 mb,800000000",
    "2TB,2000000000000",
    "1.5KB,1500",
    "3kib,3072",
    "0.0015MB,1500"
  })
  void sizesAreRead(String text, long bytes) {
    assertThat(MemorySize.parse(text)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "4",
        "4G",
        "GiB",
        "-1GB",
        "0GB",
        "1e3MB",
        "1,5GB",
        ".5GB",
        "5.GB",
        " 1GB",
        "1GB ",
        "1  GB",
        "1PB",
        "99999999999999TB",
        "0.0001KB",
        "٣GB"
      })
  void whatIsNoSizeIsRefusedWithWhatIsNeeded(String text) {
    assertThatThrownBy(() -> MemorySize.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "'"
                + text
                + "' is not a size of memory: a number above 0 with KB, MB, GB, TB, KiB, MiB, GiB"
                + " or TiB is needed, such as 3GiB or 800MB");
  }

  @Test
  void sizesAreSaidInUnitsThatFit() {
    assertThat(MemorySize.say(1)).isEqualTo("1 MB");
    assertThat(MemorySize.say(523_400_000)).isEqualTo("524 MB");
    assertThat(MemorySize.say(1_335_000_000L)).isEqualTo("1.34 GB");
  }
}
