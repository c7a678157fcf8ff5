package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class RetrainCalendarTest {
  @Test
  void everyNightButNotOverChristmasAndTenTimesInTwoWeeks() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    RetrainCalendar.play(new PrintStream(out, true, StandardCharsets.UTF_8));
    List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();

    // 21 to 23 December, then when Christmas is over, then until ten are spent, of which the oldest
    // are two weeks old on the 4th.
    assertThat(lines.stream().filter(line -> line.endsWith(" RETRAIN")))
        .containsExactly(
            "2026-12-21T03:00 RETRAIN",
            "2026-12-22T03:00 RETRAIN",
            "2026-12-23T03:00 RETRAIN",
            "2026-12-27T00:00 RETRAIN",
            "2026-12-27T03:00 RETRAIN",
            "2026-12-28T03:00 RETRAIN",
            "2026-12-29T03:00 RETRAIN",
            "2026-12-30T03:00 RETRAIN",
            "2026-12-31T03:00 RETRAIN",
            "2027-01-01T03:00 RETRAIN",
            "2027-01-04T03:00 RETRAIN",
            "2027-01-05T03:00 RETRAIN");
    assertThat(String.join("\n", lines))
        .contains(
            "SUPPRESSED: not during from 2026-12-24 to 2026-12-26 Europe/Berlin",
            "until 2026-12-26T23:00:00Z",
            "SUPPRESSED: at most 10 candidates in 14 d (10 in the last 14 d");
  }
}
