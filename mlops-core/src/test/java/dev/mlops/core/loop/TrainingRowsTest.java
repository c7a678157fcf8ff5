package dev.mlops.core.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.pack.Dependence;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.retrain.RowSelection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;

class TrainingRowsTest {
  /** One outcome a minute, from position 1,000 on; the concept is A below a position, B from there. */
  private static List<Outcome> outcomes(int count, long change, IntToDoubleFunction x) {
    List<Outcome> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      double value = x.applyAsDouble(i);
      String concept = 1_000 + i < change ? "A/0.0" : "B/0.0";
      all.add(Outcome.builder(1_000L + i, i, "1")
          .row(Row.of(LoopScene.SCHEMA, value))
          .prediction(Classification.of("yes"))
          .truth(Truth.of(LoopScene.Scripted.label(concept, value)))
          .servedAt(Instant.EPOCH.plus(Duration.ofMinutes(i)))
          .build());
    }
    return all;
  }

  private static List<Outcome> random(int count) {
    SplittableRandom random = new SplittableRandom(4);
    return outcomes(count, Long.MAX_VALUE, i -> random.nextDouble());
  }

  private static List<RowChoice.Weighted> chosen(RowChoice choice, List<Outcome> older) {
    return choice.choose(older, OptionalLong.empty(), new SplittableRandom(1));
  }

  private static List<Long> positions(List<Outcome> outcomes) {
    return outcomes.stream().map(Outcome::position).toList();
  }

  private static RowSelection.Selected select(RowSelection rows, List<Outcome> outcomes) {
    return rows.select(
        outcomes, OptionalLong.empty(), new LoopScene.ScriptedTrainer(), TrainingContext.none());
  }

  @Test
  void theNewestAreHeldBackAndThoseBeforeThemChosen() {
    RowSelection.Selected selected = select(TrainingRows.last(250), random(600));

    assertThat(positions(selected.heldBack())).hasSize(100).startsWith(1_500L).endsWith(1_599L);
    assertThat(positions(selected.training())).hasSize(250).startsWith(1_250L).endsWith(1_499L);
    assertThat(selected.fits()).isEqualTo(1);
    assertThat(positions(select(
                TrainingRows.last(250).under(new Dependence(5_000, 64, 8, 512, false)), random(600))
            .heldBack()))
        .as("three blocks of 64")
        .hasSize(192);
    assertThat(positions(TrainingRows.sinceChange(500)
            .select(
                random(600),
                OptionalLong.of(1_400),
                new LoopScene.ScriptedTrainer(),
                TrainingContext.none())
            .training()))
        .as("a fifth of the 200 since the change is held back")
        .startsWith(1_400L)
        .endsWith(1_559L);
  }

  /** Served one a minute: 61 within an hour of the newest, that one included. */
  @Test
  void byTime() {
    assertThat(positions(
            select(TrainingRows.last(Duration.ofHours(1), 5_000), random(600)).training()))
        .hasSize(61)
        .startsWith(1_439L)
        .endsWith(1_499L);
  }

  @Test
  void weightsHalveWithAge() {
    List<RowChoice.Weighted> rows = chosen(new HalfLife(50, 10_000), random(2_000));

    assertThat(rows.get(rows.size() - 1).weight()).isEqualTo(1.0);
    assertThat(rows.get(rows.size() - 51).weight()).isCloseTo(0.5, within(1e-12));
    assertThat(rows).as("20 half-lives and no more").hasSize(20 * 50 + 1);
    List<Labelled<Row>> trained = new ArrayList<>();
    LoopScene.ScriptedTrainer trainer = new LoopScene.ScriptedTrainer();
    trainer.script = given -> {
      trained.addAll(given);
      return "A/0.0";
    };
    TrainingRows.halfLife(50, 1_000)
        .select(random(600), OptionalLong.empty(), trainer, TrainingContext.none());
    assertThat(trained.get(trained.size() - 51).weight()).isCloseTo(0.5, within(1e-12));
  }

  /** Binomial: 1,000 of 10,000 in the mean of ten tenths, each 100 of 1,000 with a deviation below 10. */
  @Test
  void aSampleIsDrawnFromAllAlike() {
    List<Outcome> drawn = chosen(new Reservoir(1_000, 10_000), random(10_000)).stream()
        .map(RowChoice.Weighted::outcome)
        .toList();

    assertThat(drawn).hasSize(1_000).doesNotHaveDuplicates();
    assertThat(positions(drawn)).isSorted();
    for (int tenth = 0; tenth < 10; tenth++) {
      long from = 1_000 + 1_000L * tenth;
      assertThat(drawn.stream().filter(o -> o.position() >= from && o.position() < from + 1_000))
          .hasSizeBetween(55, 145);
    }
    assertThat(chosen(new Reservoir(1_000, 10_000), random(300))).hasSize(300);
  }

  /** 693 / ln 2 = 1,000 in the mean, with a deviation below 32; half of them younger than a half-life. */
  @Test
  void aDecayingSampleForgets() {
    List<Outcome> drawn = chosen(new Decaying(693, 20_000), random(20_000)).stream()
        .map(RowChoice.Weighted::outcome)
        .toList();

    assertThat(drawn).hasSizeBetween(870, 1_130);
    assertThat(drawn.stream().filter(o -> o.position() >= 21_000 - 693)).hasSizeBetween(400, 600);
    assertThat(positions(drawn)).isSorted().contains(20_999L);
  }

  /** 1 in 100 is of the rare label: without the floor about 2 of 200. */
  @Test
  void aFloorKeepsRareLabels() {
    List<Outcome> rare = outcomes(5_000, Long.MAX_VALUE, i -> i % 100 == 0 ? 0.1 : 0.9);

    List<RowChoice.Weighted> rows =
        chosen(new Stratified(200, 30, 5_000, "label", Stratified::label), rare);

    assertThat(rows).hasSize(200);
    assertThat(rows.stream().filter(row -> row.outcome().truth().equals(Truth.of("yes"))))
        .hasSizeGreaterThanOrEqualTo(30)
        .hasSizeLessThan(45);
    assertThat(chosen(new Stratified(200, 90, 5_000, "label", Stratified::label), rare).stream()
            .filter(row -> row.outcome().truth().equals(Truth.of("yes"))))
        .as("all that there are")
        .hasSize(50);
    assertThat(TrainingRows.stratified(
            200, 30, 5_000, "half", outcome -> outcome.row().number(0) < 0.5 ? "low" : "high"))
        .hasToString("a sample of 200 of the last 5000, at least 30 by half");
  }

  @Test
  void duplicatesCountOnce() {
    List<Outcome> tens = outcomes(600, 1_300, i -> i % 10 / 10.0);

    List<Outcome> training =
        select(TrainingRows.last(600).withoutDuplicates(), tens).training();

    // Ten rows under concept A, and the same with other truths under concept B.
    assertThat(positions(training)).hasSize(20).endsWith(1_499L).startsWith(1_290L);
  }

  /** Of 600 before those held back the last 100 are chosen; three positions are replayed, one of them chosen anyway. */
  @Test
  void incidentsAreReplayedWithWeight() {
    List<Outcome> all = random(700);
    long first = all.get(0).position();
    long end = all.get(all.size() - 1).position();
    List<Long> plain = positions(select(TrainingRows.last(100), all).training());
    Set<Long> incidents = Set.of(first, first + 150, plain.get(50), end);
    TrainingRows rows = TrainingRows.last(100).replaying("incidents", () -> incidents, 700, 3);

    RowSelection.Selected selected = select(rows, all);
    assertThat(positions(selected.training()))
        .as("one is held back, and is not trained on")
        .hasSize(102)
        .isSorted()
        .contains(first, first + 150)
        .containsAll(plain)
        .doesNotContain(end);
    assertThat(selected.rows().stream().filter(row -> row.weight() == 3)).hasSize(3);
    assertThat(selected.rows().stream().filter(row -> row.weight() == 1)).hasSize(99);
    assertThat(rows.most()).isEqualTo(700);
    assertThat(rows)
        .hasToString("the last 100, incidents of the last 700 replayed with weight 3.0");
    assertThat(positions(
            select(TrainingRows.last(100).replaying("incidents", () -> incidents, 300, 3), all)
                .training()))
        .as("older than the last 300 before those held back")
        .doesNotContain(first, first + 150);
    assertThat(select(
                TrainingRows.halfLife(50, 500).replaying("incidents", () -> incidents, 700, 2), all)
            .rows()
            .get(0)
            .weight())
        .isEqualTo(2);
    assertThatThrownBy(
            () -> TrainingRows.last(100).replaying("incidents", Set::of, 700, Double.NaN))
        .hasMessageContaining("NaN");
    assertThatThrownBy(() -> TrainingRows.last(100).replaying("incidents", Set::of, 39, 1))
        .hasMessageContaining("39");
  }

  @Test
  void theSameOutcomesGiveTheSameRows() {
    for (TrainingRows rows : List.of(
        TrainingRows.sample(100, 1_000),
        TrainingRows.decayingSample(100, 1_000),
        TrainingRows.stratified(100, 20, 1_000))) {
      List<Long> once = positions(select(rows, random(600)).training());
      assertThat(positions(select(rows, random(600)).training())).isEqualTo(once);
      assertThat(positions(select(rows, random(601)).training())).isNotEqualTo(once);
    }
  }

  /** The last 100 before those held back are of the newest concept, most of the last 500 are not. */
  @Test
  void theBestOnTheRowsHeldBackWins() {
    List<Outcome> changed = outcomes(700, 1_480, i -> i % 97 / 97.0);
    TrainingRows both = TrainingRows.bestOf(TrainingRows.last(500), TrainingRows.last(100));

    RowSelection.Selected after = select(both, changed);
    assertThat(after.training()).hasSize(100);
    assertThat(after.fits()).isEqualTo(2);
    assertThat(select(both, random(700)).training())
        .as("where both are as good the first wins")
        .hasSize(500);
    assertThat(both).hasToString("best of the last 500; the last 100");
    assertThat(both.most()).isEqualTo(500);
  }

  @Test
  void aRuleWhoseRowsTheTrainerRefusesIsLeftOut() {
    LoopScene.ScriptedTrainer trainer = new LoopScene.ScriptedTrainer();
    trainer.script = rows -> {
      if (rows.size() == 100) {
        throw new IllegalArgumentException("one label alone");
      }
      return "A/0.0";
    };
    TrainingRows both = TrainingRows.bestOf(TrainingRows.last(100), TrainingRows.last(500));
    assertThat(both.select(random(700), OptionalLong.empty(), trainer, TrainingContext.none())
            .training())
        .hasSize(500);
    assertThatThrownBy(() -> TrainingRows.last(100)
            .select(random(700), OptionalLong.empty(), trainer, TrainingContext.none()))
        .hasMessageContaining("one label alone");
  }

  @Test
  void whatCannotBeIsRefused() {
    assertThatThrownBy(() -> TrainingRows.last(39)).hasMessageContaining("39");
    assertThatThrownBy(() -> TrainingRows.last(Duration.ZERO, 100)).hasMessageContaining("0");
    assertThatThrownBy(() -> TrainingRows.halfLife(0, 100)).hasMessageContaining("0");
    assertThatThrownBy(() -> TrainingRows.sample(200, 100)).hasMessageContainingAll("200", "100");
    assertThatThrownBy(() -> TrainingRows.decayingSample(27, 100)).hasMessageContaining("27");
    assertThatThrownBy(() -> TrainingRows.stratified(100, 0, 100)).hasMessageContaining("0");
    assertThatThrownBy(TrainingRows::bestOf).hasMessageContaining("at least one");
    assertThatThrownBy(() -> select(TrainingRows.last(100), random(39))).hasMessageContaining("39");
    assertThat(TrainingRows.last(100).waitsFor(39, 39, OptionalLong.empty()))
        .hasValueSatisfying(said -> assertThat(said).contains("1 more"));
  }
}
