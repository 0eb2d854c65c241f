package io.github.consistencydecoder.cli.shell;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarStyle;
import org.junit.jupiter.api.Test;

final class ProgressLineTest {
  @Test
  void barIsWrittenOnOneLineAndRemoved() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream terminal = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    ProgressOnTerminal.ProgressLine line = new ProgressOnTerminal.ProgressLine(terminal, 60);
    try (ProgressBar bar =
        ProgressBar.builder()
            .setTaskName("work")
            .setInitialMax(2)
            .clearDisplayOnFinish()
            .setStyle(ProgressBarStyle.ASCII)
            .setConsumer(line)
            .build()) {
      bar.stepTo(1);
      bar.refresh();
    }
    line.clear();

    String written = bytes.toString(StandardCharsets.UTF_8);
    assertThat(written).contains("work", "1/2").doesNotContain("\n");
    assertThat(written).endsWith("\r" + " ".repeat(60) + "\r");
    assertThat(written.split("\r")).allMatch(part -> part.length() <= 60);
  }
}
