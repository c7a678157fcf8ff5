package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class SearchBesideDefaultsTest {
  private static String printed(@Nullable Path data, int oneIn, int trials) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    SearchBesideDefaults.run(
        new PrintStream(out, true, StandardCharsets.UTF_8),
        data,
        oneIn,
        Duration.ofMinutes(2),
        trials);
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void withoutDataItSaysWhatIsMissing() throws IOException {
    assertThat(printed(null, 1, 1)).contains("train.csv.gz", "MLOPS_DATA");
  }

  /** Never worse than the default settings of a family beyond the interval. */
  @Test
  @Tag("slow")
  void theSearchIsWorseThanNoDefault() throws IOException {
    String folder = System.getenv("MLOPS_DATA");
    assumeTrue(
        folder != null && Files.exists(Path.of(folder, "adult-census", "train.csv.gz")),
        "no adult-census/train.csv.gz: set MLOPS_DATA to a folder of real data sets to run this");
    List<String> lines = printed(Path.of(folder), 4, 12).lines().toList();
    assertThat(lines).hasSize(13);
    assertThat(lines).noneMatch(line -> line.contains(", worse"));
    assertThat(lines).anyMatch(line -> line.contains(", better"));
  }
}
