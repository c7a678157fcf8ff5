package dev.mlops.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A tenth of the runs of the page, the same limits; all of them is slow. Seeds are fixed, so it is right or wrong for good. */
class JudgesUnderDependenceTest {
  @Test
  void judgesKeepTheirLimits() {
    List<String> told = new ArrayList<>();
    JudgesUnderDependence.Report report = JudgesUnderDependence.measure(0.1, told::add);
    assertThat(report.missed()).as(report.page()).isZero();
    assertThat(told).hasSize(11 * 4 + 11 + 11 * 3 + 11 + 24);
    assertThat(report.page()).contains("limit 2", "limit 500", "Wrong winners", "Wrong returns");
  }

  @Test
  @Tag("slow")
  void judgesKeepTheirLimitsInManyRuns() {
    JudgesUnderDependence.Report report = JudgesUnderDependence.measure(1.0, told -> {});
    assertThat(report.missed()).as(report.page()).isZero();
  }

  /** scipy 1.17.1: binom.isf(1e-4, 2000, .05) = 138, binom.isf(1e-4, 200, .05) = 23. */
  @Test
  void theExactBinomialTestAllowsThese() {
    assertThat(JudgesUnderDependence.mostWrong(2_000)).isEqualTo(138);
    assertThat(JudgesUnderDependence.mostWrong(200)).isEqualTo(23);
  }
}
