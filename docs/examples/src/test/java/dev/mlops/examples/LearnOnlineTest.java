package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

@ResourceLock(Resources.SYSTEM_OUT)
class LearnOnlineTest {
  @TempDir
  Path versions;

  @Test
  void theSnapshotsFollowWhatCustomersDo() {
    PrintStream before = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try {
      LearnOnline.main(new String[] {versions.resolve("store").toString()});
    } finally {
      System.setOut(before);
    }
    List<String> lines = printed.toString(StandardCharsets.UTF_8).lines().toList();
    assertThat(lines).hasSize(4);
    assertThat(right(lines.get(0))).isGreaterThan(900);
    assertThat(right(lines.get(1))).as("turned around").isLessThan(800);
    assertThat(right(lines.get(3))).as("followed").isGreaterThan(900);
    assertThat(lines.get(0)).startsWith("orders:");
    assertThat(lines.get(3)).doesNotStartWith("orders:1 ");
  }

  private static int right(String line) {
    return Integer.parseInt(line.replaceAll(".* answered (\\d+) of .*", "$1"));
  }
}
