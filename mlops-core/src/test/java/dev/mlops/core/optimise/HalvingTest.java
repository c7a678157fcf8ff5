package dev.mlops.core.optimise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mlops.core.optimise.Sampling.Point;
import dev.mlops.core.optimise.Sampling.Tried;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class HalvingTest {
  /** By hand, for η = 4 and three rungs: 16 trials with the scores below, judged in order, promoted as soon as they may be. */
  @Test
  void promotesTheTableMadeByHand() {
    double[] scores = {3, 9, 1, 5, 7, 2, 8, 4, 16, 6, 10, 15, 11, 12, 14, 13};
    Halving halving = new Halving(3, 4);
    List<String> promoted = new ArrayList<>();
    for (int trial = 0; trial < scores.length; trial++) {
      halving.judged(trial, 0, scores[trial]);
      while (halving.rung().isPresent()) {
        int rung = halving.rung().getAsInt();
        int next = halving.next(rung).orElseThrow();
        halving.promote(next, rung);
        halving.judged(next, rung + 1, scores[next]);
        promoted.add(trial + ": " + next + " to " + (rung + 1));
      }
    }
    // The best ⌊n/4⌋ of n: after 4 trials 1; after 8 also 6; after 9 8 and 1; after 11 8 and 10,
    // whose rung then has 4: 8 goes on.
    // After 12 8, 11, 10; then 12, 13 and 14 each come third. With 14 the second rung has 8: 8 and
    // 11. After 16 8, 11, 14, 15.
    assertThat(promoted)
        .containsExactly(
            "3: 1 to 1",
            "7: 6 to 1",
            "8: 8 to 1",
            "10: 10 to 1",
            "10: 8 to 2",
            "11: 11 to 1",
            "12: 12 to 1",
            "13: 13 to 1",
            "14: 14 to 1",
            "14: 11 to 2",
            "15: 15 to 1");
  }

  @Test
  void aFailedTrialNeverGoesOn() {
    Halving halving = new Halving(2, 2);
    IntStream.range(0, 4).forEach(trial -> halving.judged(trial, 0, Double.NEGATIVE_INFINITY));
    assertThat(halving.rung()).isEmpty();
    assertThat(halving.last(0)).isEmpty();
  }

  @Test
  void aShortSearchEndsOnAllRows() {
    Halving halving = new Halving(2, 4);
    halving.judged(0, 0, 1);
    halving.judged(1, 0, 2);
    assertThat(halving.rung()).isEmpty();
    assertThat(halving.last(0)).hasValue(1);
  }

  @Test
  void foldsNeverTestOnThePast() {
    List<Integer> rows = IntStream.range(0, 100).boxed().toList();
    for (double share : new double[] {1, 0.25}) {
      List<TimeOrdered.Fold<Integer>> folds = TimeOrdered.of(4).of(rows, share);
      assertThat(folds).hasSize(4);
      for (int i = 0; i < 4; i++) {
        TimeOrdered.Fold<Integer> fold = folds.get(i);
        int cut = 20 * (i + 1);
        assertThat(fold.test()).isEqualTo(rows.subList(cut, cut + 20));
        assertThat(fold.training())
            .isEqualTo(rows.subList(cut - (int) Math.ceil(cut * share), cut));
      }
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TimeOrdered.of(4).of(rows.subList(0, 9), 1))
        .withMessageContaining("10")
        .withMessageContaining("9");
  }

  @Test
  void aParameterIsSetOnlyWhereItsChoiceSaysSo() {
    Parameter<String> kind = Parameter.choice("kind", "plain", "boosted");
    Parameter<Integer> rounds =
        Parameter.whole("rounds", 1, 1_000).logarithmic().when(kind, "boosted");
    Parameter<Double> rate = Parameter.number("rate", 0.001, 1).logarithmic();
    Space space = Space.of(kind, rounds, rate);
    for (Sampler sampler : Sampler.values()) {
      Sampling sampling = Sampling.of(sampler, List.of(space));
      List<Tried> ranked = new ArrayList<>();
      for (int trial = 0; trial < 60; trial++) {
        Point point = sampling.next(Search.random(3, trial), ranked, List.of());
        assertThat(point.settings().find(rounds).isPresent())
            .isEqualTo(point.settings().get(kind).equals("boosted"));
        assertThat(space.require(point.settings())).isEqualTo(point.settings());
        assertThat(space.read(point.settings().json())).isEqualTo(point.settings());
        ranked.add(new Tried(trial, point));
        ranked.sort((a, b) -> Double.compare(score(a, rounds), score(b, rounds)));
      }
      if (sampler == Sampler.TPE) {
        // The best is boosted with 200 rounds; a random search comes as close in 9 of 60 trials.
        assertThat(ranked.stream().filter(each -> score(each, rounds) < 1).count())
            .isGreaterThan(18);
      }
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Space.of(rounds, kind))
        .withMessageContaining("rounds")
        .withMessageContaining("kind");
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            space.require(Settings.none().with(kind, "plain").with(rate, 0.1).with(rounds, 3)))
        .withMessageContaining("rounds");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Settings.none().with(rate, 2.0))
        .withMessageContaining("rate")
        .withMessageContaining("2.0");
  }

  /** Lower is better. */
  private static double score(Tried tried, Parameter<Integer> rounds) {
    return tried
        .point()
        .settings()
        .find(rounds)
        .map(count -> Math.abs(Math.log(count / 200.0)))
        .orElse(5.0);
  }
}
