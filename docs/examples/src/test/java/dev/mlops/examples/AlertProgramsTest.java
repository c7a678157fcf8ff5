package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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

  @Test
  void treesForPromtoolHaveAStateForEachMinuteAndRule() throws Exception {
    assertThat(AlertTrees.write(folder, 30, 40, 1)).isEqualTo(30 * 40);
    assertThat(Files.readString(folder.resolve("states.test.yml")))
        .contains("alertstate=\"firing\"", "alertstate=\"pending\"", "stale", "exp_samples: []");
    String rules = Files.readString(folder.resolve("rules.yml"));
    assertThat(rules).contains("alert: r39");
    assertThat(List.of(
            "mlops_quality{",
            "mlops_quality_window{",
            "mlops_drift{",
            "mlops_drift_moved_ratio{",
            "mlops_latency_seconds{",
            "mlops_failures_ratio{",
            "mlops_truth_age_seconds{",
            "mlops_model_age_seconds{",
            "mlops_tick_age_seconds{",
            "mlops_rollout_state{",
            "mlops_loop_state{"))
        .allSatisfy(name -> assertThat(rules).as("a kind of leaf").contains(name));
  }
}
