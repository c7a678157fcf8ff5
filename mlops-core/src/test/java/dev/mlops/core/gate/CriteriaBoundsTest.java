package dev.mlops.core.gate;

import static dev.mlops.core.gate.Criteria.direction;
import static dev.mlops.core.gate.Criteria.poisonRows;
import static dev.mlops.core.gate.GateScene.GOOD;
import static dev.mlops.core.gate.GateScene.ROWS;
import static dev.mlops.core.gate.GateScene.SCHEMA;
import static dev.mlops.core.gate.GateScene.pack;
import static dev.mlops.core.gate.GateScene.scoring;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Row;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.core.gate.Criteria.Poison;
import dev.mlops.core.gate.GateScene.Source;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Which rows a gate asks a candidate about, how many of them, and what lies exactly on a limit. */
class CriteriaBoundsTest {
  private static String told(Model model, Condition criterion) {
    return GateScene.of(model, criterion).finding().text();
  }

  /** Two columns: a number can be NaN, infinite in two ways and extreme, a category missing, long and unseen. */
  @Test
  void everyKindOfBrokenRowIsTried() {
    List<String> seen = new ArrayList<>();
    Model noting = row -> {
      seen.add(row.number(0) + "|" + row.category(1));
      return Double.isFinite(row.number(0)) && Math.abs(row.number(0)) <= 1
          ? GOOD.predict(row)
          : GOOD.predict(ROWS.get(0).input());
    };
    String missing = told(noting, poisonRows(Poison.MISSING));
    assertThat(missing).contains("3 broken rows: 3 answered, 0 refused, 0 neither");
    String country = ROWS.get(0).input().category(1);
    double income = ROWS.get(0).input().number(0);
    assertThat(seen).contains("NaN|" + country, income + "|", "NaN|");

    seen.clear();
    assertThat(told(noting, poisonRows(Poison.INFINITE))).contains("4 broken rows: 4 answered");
    assertThat(seen)
        .contains("Infinity|" + country, "-Infinity|" + country)
        .doesNotContain("NaN|" + country, income + "|");

    seen.clear();
    assertThat(told(noting, poisonRows(Poison.UNSEEN))).contains("answered, 0 refused, 0 neither");
    assertThat(seen)
        .anyMatch(each -> !each.endsWith("|" + country))
        .noneMatch(each -> each.startsWith("NaN"));

    String all = told(noting, poisonRows());
    int rows = Integer.parseInt(all.substring(0, all.indexOf(' ')));
    assertThat(rows).as("all kinds at once").isGreaterThan(12);
    assertThat(told(row -> null, poisonRows())).contains("no row that the candidate answers");
  }

  /** Without rows held back, a golden example is the row that is broken. */
  @Test
  void aGoldenExampleIsBrokenWhereNoRowIsAnswered() {
    Row example = Row.of(SCHEMA, 0.625, "DE");
    Model knowsOne =
        row -> row.number(0) == 0.625 || Double.isNaN(row.number(0)) ? GOOD.predict(example) : null;
    List<GateReport.Result> results = ReleaseGate.of(poisonRows(Poison.MISSING))
        .on(ROWS)
        .warmingUp(0)
        .judge(
            pack(List.of(new GoldenExample(example, GOOD.predict(example)))),
            new Source(GOOD, knowsOne))
        .results();
    Finding found = results.get(results.size() - 1).finding();
    assertThat(found.text()).contains("3 broken rows", "3 answered");
  }

  /** For each row the next greater value, the middle one and the greatest are tried. */
  @Test
  void threeGreaterValuesAreTriedAndNoOther() {
    Set<Double> incomes = new TreeSet<>();
    ROWS.forEach(row -> incomes.add(row.input().number(0)));
    List<Double> sorted = List.copyOf(incomes);
    Set<Double> asked = new TreeSet<>();
    double low = sorted.get(0);
    Labelled<Row> lowest =
        ROWS.stream().filter(row -> row.input().number(0) == low).findFirst().orElseThrow();
    Model noting = row -> {
      if (row.category(1).equals("only")) {
        asked.add(row.number(0));
      }
      return GOOD.predict(row);
    };
    List<Labelled<Row>> rows = new ArrayList<>(ROWS);
    rows.set(ROWS.indexOf(lowest), new Labelled<>(Row.of(SCHEMA, low, "only"), lowest.truth()));
    ReleaseGate.of(direction("income").neverLowers("good"))
        .on(rows)
        .warmingUp(0)
        .judge(pack(), new Source(GOOD, noting));
    int left = sorted.size() - 1;
    assertThat(asked)
        .contains(low, sorted.get(1), sorted.get(1 + left / 2), sorted.get(sorted.size() - 1))
        .hasSize(4);
  }

  /** 400 rows, of which the model errs for one: the report names that row by its place among all of them. */
  @Test
  void theFirstWrongRowIsNamedByItsPlaceAmongAllRows() {
    int at = 250;
    double income = ROWS.get(at).input().number(0);
    Model dented = scoring(row -> row.number(0) == income ? 1.0 : row.number(0) * 0.5);
    assertThat(told(dented, direction("income").neverLowers("good")))
        .contains("in row " + at + ": good from 1.0");
  }

  /** A share that is exactly what is allowed is within it; half of the tries are not. */
  @Test
  void aShareExactlyAtItsLimitPasses() {
    assertThat(BuiltIn.share("changed", 25, 100, 0.25, "").verdict()).isEqualTo(Verdict.PASS);
    assertThat(BuiltIn.share("changed", 26, 100, 0.25, "").verdict())
        .isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(BuiltIn.share("changed", 50, 100, 0.25, "").verdict()).isEqualTo(Verdict.FAIL);
    assertThat(BuiltIn.share("changed", 36, 100, 0.25, "").verdict())
        .as("95 % surely above a quarter, not 99 %")
        .isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(BuiltIn.share("changed", 0, BuiltIn.FEWEST, 0.0, "").verdict())
        .isEqualTo(Verdict.PASS);
    assertThat(BuiltIn.share("changed", 0, BuiltIn.FEWEST - 1, 0.0, "").verdict())
        .isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(BuiltIn.share("changed", 1, 1_000, 0.0, "").verdict()).isEqualTo(Verdict.FAIL);
    assertThatCode(() -> BuiltIn.requireShare(0.0)).doesNotThrowAnyException();
    assertThatCode(() -> BuiltIn.requireDifference(0.0)).doesNotThrowAnyException();
  }

  /** Up to a difference nothing went the wrong way, beyond it it did, in both directions. */
  @Test
  void aDifferenceIsAllowedInBothDirections() {
    Model falling = scoring(row -> 0.5 - 0.01 * row.number(0));
    assertThat(
            GateScene.verdict(falling, direction("income").neverLowers("good").within(0.0101)))
        .isEqualTo(Verdict.PASS);
    assertThat(
            GateScene.verdict(falling, direction("income").neverLowers("good").within(0.001)))
        .isEqualTo(Verdict.FAIL);
    Model rising = scoring(row -> 0.5 + 0.01 * row.number(0));
    assertThat(GateScene.verdict(rising, direction("income").neverRaises("good").within(0.0101)))
        .isEqualTo(Verdict.PASS);
    assertThat(GateScene.verdict(rising, direction("income").neverRaises("good").within(0.001)))
        .isEqualTo(Verdict.FAIL);
  }
}
