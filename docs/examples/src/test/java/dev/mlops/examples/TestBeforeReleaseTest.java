package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.gate.GateReport;
import dev.mlops.core.store.FileVersionStore;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestBeforeReleaseTest {
  @TempDir
  Path folder;

  @Test
  void theFirstAndTheGoodOneServeAndTheWrongOneDoesNot() {
    TestBeforeRelease.main(new String[] {folder.toString()});
    try (VersionStore store = FileVersionStore.open(folder)) {
      assertThat(store.versions("iris")).hasSize(3);
      assertThat(store.current("iris@champion").orElseThrow().to().number()).isEqualTo(3);

      GateReport first = GateReport.of(store, store.require("iris:1")).orElseThrow();
      assertThat(first.verdict()).isEqualTo(Verdict.PASS);
      assertThat(first.results()).filteredOn(GateReport.Result::waived).hasSize(1);

      GateReport wrong = GateReport.of(store, store.require("iris:2")).orElseThrow();
      assertThat(wrong.verdict()).isEqualTo(Verdict.FAIL);
      assertThat(wrong.results(Verdict.FAIL))
          .extracting(GateReport.Result::criterion)
          .contains(
              "quality(\"accuracy\").atLeast(0.9)",
              "quality(\"accuracy\").noWorseThanChampion(0.05)",
              "segment(\"petals\", \"large\").quality(\"accuracy\").atLeast(0.8)",
              "direction(\"petalLength\").neverLowers(\"virginica\")");
      assertThat(wrong.results(Verdict.PASS))
          .as("what is right about it is told as well")
          .extracting(GateReport.Result::criterion)
          .contains("goldenExamples()", "environment()", "schema()");
      assertThat(wrong.champion().orElseThrow().toString()).isEqualTo("iris:1");

      GateReport good = GateReport.of(store, store.require("iris:3")).orElseThrow();
      assertThat(good.verdict()).as("%s", good).isEqualTo(Verdict.PASS);
      assertThat(good.version().orElseThrow().toString()).isEqualTo("iris:3");
    }
  }
}
