package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AlertProgramsTest {
  @TempDir
  Path folder;

  @Test
  void anAlertIsPendingFiringTakenOnAndOverAcrossARestart() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    AlertLife.tell(
        folder.resolve("alerts.json"), new PrintStream(out, true, StandardCharsets.UTF_8));
    assertThat(out.toString(StandardCharsets.UTF_8).lines().toList())
        .satisfiesExactly(
            line -> assertThat(line).contains("09:00:00Z PENDING fraud.recall fraud:7", "0.61"),
            line -> assertThat(line).contains("09:10:00Z FIRING fraud.recall"),
            line -> assertThat(line).contains("FIRING acknowledged by ana", "chargebacks"),
            line -> assertThat(line).contains("fraud.recall=ana", "moving the feed"),
            line ->
                assertThat(line).as("0.73 is between the limits").contains("fraud.recall=FIRING"),
            line -> assertThat(line)
                .as("in a silence, too")
                .contains("09:30:00Z RESOLVED fraud.recall"));
  }

  @Test
  void aScenarioForPromtoolHasAStateForEachMinuteAndRule() throws Exception {
    assertThat(AlertStates.write(folder, 50, 1)).isEqualTo(50 * 12);
    assertThat(Files.readString(folder.resolve("states.test.yml")))
        .contains("alertstate=\"firing\"", "alertstate=\"pending\"", "stale", "exp_samples: []");
    assertThat(Files.readString(folder.resolve("rules.yml"))).contains("alert: r11");
  }
}
