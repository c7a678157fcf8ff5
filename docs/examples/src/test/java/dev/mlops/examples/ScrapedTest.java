package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program that a Prometheus scrapes; whether that gives the same numbers is checked by {@code .ci/interop}. */
class ScrapedTest {
  @TempDir
  Path folder;

  @Test
  void saysWhatPrometheusMustAnswer() throws Exception {
    InputStream input = System.in;
    System.setIn(InputStream.nullInputStream());
    try {
      Scraped.main(new String[] {folder.toString(), "0"});
    } finally {
      System.setIn(input);
    }
    assertThat(Files.readAllLines(folder.resolve("queries.tsv")))
        .contains("mlops_champion{model=\"iris\",version=\"1\"}\t1.0")
        .anyMatch(line -> line.matches("mlops_quality\\{.*metric=\"accuracy\"}\t0\\.9.*"))
        .anyMatch(line -> line.matches("mlops_latency_seconds\\{.*statistic=\"p99\"}\t.*"));
  }
}
