package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlatformAlertsTest {
  @TempDir
  Path folder;

  @Test
  void oneSetOfRulesForFourPlatforms() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PlatformAlerts.write(folder, new PrintStream(out, true, StandardCharsets.UTF_8));

    assertThat(out.toString(StandardCharsets.UTF_8))
        .startsWith("fraud.german: ")
        .contains("recall of a segment");
    assertThat(Files.readString(folder.resolve("prometheus/rules.yml")))
        .contains("alert: fraud.recall");
    assertThat(folder.resolve("prometheus/rules.test.yml")).isNotEmptyFile();
    assertThat(folder.resolve("grafana/dashboard.json")).isNotEmptyFile();
    assertThat(folder.resolve("cloudwatch/alarms.json")).isNotEmptyFile();
    assertThat(folder.resolve("google-cloud/fraud.moved.json")).isNotEmptyFile();
  }
}
