package dev.mlops.drift.anytime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.drift.Golden;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Answers of statsmodels 0.13.5, multipletests. */
class MultipleTestsGoldenTest {
  @Test
  void adjustedPValuesEqualTheRecordedOnes() {
    Map<String, UnaryOperator<double[]>> methods = Map.of(
        "bonferroni", MultipleTests::bonferroni,
        "holm", MultipleTests::holm,
        "fdr_bh", MultipleTests::benjaminiHochberg);
    List<Map<String, Object>> cases = Golden.cases("multiple_testing.json");
    assertThat(cases).isNotEmpty();
    for (Map<String, Object> recorded : cases) {
      double[] pValues = Golden.numbers(recorded.get("p"));
      double alpha = Golden.number(recorded.get("alpha"));
      methods.forEach((method, adjust) -> {
        Map<String, Object> wanted = Golden.object(recorded, method);
        double[] adjusted = adjust.apply(pValues);
        String where = recorded.get("name") + ", " + method;
        assertThat(adjusted)
            .as(where)
            .containsExactly(Golden.numbers(wanted.get("adjusted")), within(1e-12));
        List<?> reject = (List<?>) wanted.get("reject");
        for (int i = 0; i < adjusted.length; i++) {
          // Where both sides are equal but for rounding, either answer is right.
          if (Math.abs(adjusted[i] - alpha) > 1e-12) {
            assertThat(adjusted[i] < alpha).as(where + " " + i).isEqualTo(reject.get(i));
          }
        }
      });
    }
  }
}
