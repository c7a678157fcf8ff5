package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** How often progress is told, and where. */
class ProgressTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private long seconds;

  private List<String> lines(boolean terminal, int secondsOfWork) {
    try (PrintStream printer = new PrintStream(out, true, StandardCharsets.UTF_8);
        Progress progress =
            new Progress(printer, terminal, () -> TimeUnit.SECONDS.toNanos(seconds))) {
      progress.begin("serving", secondsOfWork, "rows");
      for (seconds = 1; seconds <= secondsOfWork; seconds++) {
        progress.at(seconds, "serving");
        progress.print();
      }
    }
    return out.toString(StandardCharsets.UTF_8).lines().toList();
  }

  @Test
  void inAFileALineIsATenthOfTheWork() {
    List<String> lines = lines(false, 1_000);
    assertThat(lines).hasSize(10);
    assertThat(new HashSet<>(lines)).hasSize(10);
    assertThat(lines.get(0)).contains("serving, 100 of 1000 rows");
    assertThat(lines.get(9)).contains("serving, 1000 of 1000 rows");
  }

  @Test
  void inAFileLinesAreFiveSecondsApart() {
    List<String> lines = lines(false, 20);
    assertThat(lines).hasSize(4);
    assertThat(lines.get(0)).contains("5 s: serving, 5 of 20 rows");
    assertThat(lines.get(3)).contains("20 s: serving, 20 of 20 rows");
  }

  @Test
  void onATerminalALineIsASecond() {
    assertThat(lines(true, 20)).hasSize(20);
  }
}
