package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.core.optimise.Faster;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is faster depends on the machine; what is printed, and that nothing worse is taken, does not. */
class ServeFasterTest {
  @TempDir
  Path folder;

  @Test
  void everyStageAndEveryOptionIsTold() {
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    ServeFaster.run(
        new PrintStream(printed, true, StandardCharsets.UTF_8), folder.resolve("forest"), 6);
    String text = printed.toString(StandardCharsets.UTF_8);
    assertThat(text)
        .contains("binding: ", "enforcement: ", "the model: ", "recording: ", "in batches of 100")
        .contains("champion: p50", "5 of 6 members: p50", "one tree: p50", "accuracy");
    assertThat(text.contains("PASS orders sha256") || text.contains("taken"))
        .as(text)
        .isTrue();
  }

  /** A linear model in 32 bits gives the same answers; Tribuo cannot export a tree. */
  @Test
  void aModelInHalfTheBitsIsNoWorse() {
    Faster.Result found = ServeFaster.halved(ServeFaster.orders(500, 1), folder.resolve("linear"));
    assertThat(found.options()).singleElement().satisfies(option -> {
      assertThat(option.failure()).isEmpty();
      assertThat(option.isNoWorse()).as(option.toString()).isTrue();
      assertThat(option.latency()).isPresent();
    });
  }
}
