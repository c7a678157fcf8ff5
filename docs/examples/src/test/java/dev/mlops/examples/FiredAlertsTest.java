package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the engine says of the script; {@code .ci/interop} holds a Prometheus against it. */
class FiredAlertsTest {
  @TempDir
  Path folder;

  @Test
  void theEngineHasTheAlertsOfEachPhase() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    FiredAlerts.play(
        folder,
        0,
        new ByteArrayInputStream(new byte[8]),
        new PrintStream(out, true, StandardCharsets.UTF_8));
    List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
    assertThat(lines.get(0)).matches("port [0-9]+");
    assertThat(lines.subList(1, lines.size()))
        .containsExactly(
            "states",
            "states beside=firing either=firing low=firing low.for-long=pending low.until=firing"
                + " recent=firing",
            "states beside=firing low.until=firing recent=firing",
            "states back=firing beside=firing either=firing failing=firing low.until=firing"
                + " recent=firing",
            "states back=firing either=firing failing=firing",
            "states failing=firing late=firing old=firing slow=firing",
            "states back=firing beside=firing both=firing either=firing failing=firing late=firing"
                + " low=firing low.for-long=pending low.until=firing old=firing recent=firing"
                + " slow=firing two=firing",
            "states late=firing");
    assertThat(folder.resolve("rules.yml")).isNotEmptyFile();
  }
}
