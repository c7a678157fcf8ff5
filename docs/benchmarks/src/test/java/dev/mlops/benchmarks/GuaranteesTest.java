package dev.mlops.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The short form: a tenth of the runs of the page, the same limits. Seeds are fixed, so it is right or wrong for good. */
class GuaranteesTest {
  @Test
  void delaysAndFalseAlarmsKeepTheirLimits() {
    List<String> told = new ArrayList<>();
    Guarantees.Report report = Guarantees.measure(0.1, told::add);
    assertThat(report.missed()).as(report.page()).isZero();
    assertThat(told).hasSize(12 + 16 + 4 + 4 + 4);
    assertThat(report.page().lines().filter(line -> line.contains("limit")))
        .as("tables with limits")
        .hasSizeGreaterThan(5);
  }
}
