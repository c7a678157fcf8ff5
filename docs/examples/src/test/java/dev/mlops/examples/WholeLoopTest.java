package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.store.VersionStore;
import dev.mlops.core.store.FileVersionStore;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WholeLoopTest {
  @TempDir
  Path dir;

  @Test
  void aModelThatHasBecomeWorseIsReplaced() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    WholeLoop.run(dir, new PrintStream(out, true, StandardCharsets.UTF_8));
    List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
    assertThat(lines)
        .anyMatch(line -> line.startsWith("RETRAIN iris:1: "))
        .anyMatch(line -> line.startsWith("PROMOTED iris:2: "));
    assertThat(lines.get(lines.size() - 1)).startsWith("iris:2 · ");
    try (VersionStore store = FileVersionStore.open(dir.resolve("store"))) {
      assertThat(store.require("iris@champion")).hasToString("iris:2");
    }
  }
}
