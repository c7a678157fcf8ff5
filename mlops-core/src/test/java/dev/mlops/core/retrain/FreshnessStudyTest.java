package dev.mlops.core.retrain;

import static dev.mlops.core.retrain.RetrainPolicies.keepingPace;
import static dev.mlops.core.retrain.RetrainPolicies.olderThan;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;
import dev.mlops.core.pack.TrainedModel;
import dev.mlops.testkit.RetrainPolicyContract;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Streams whose models age at a known pace: x is on a circle of length 1, the label is yes on the half behind a boundary that
 * moves by a step each row, and one label in ten is turned round. A row comes each minute.
 */
class FreshnessStudyTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final RowBinding<Double> ROWS =
      RowBinding.<Double>builder().number("x", x -> x).build();
  private static final Schema SCHEMA = ROWS.schema().predicting(Task.CLASSIFICATION);
  private static final int TRAINED_ON = 200;
  private static final int STUDIED = 20_000;
  private static final double TRAINING = 40;

  /** Finds the boundary that errs least. */
  private static final ModelTrainer TRAINER = new ModelTrainer() {
    @Override
    public Schema schema() {
      return SCHEMA;
    }

    @Override
    public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
      double boundary = boundary(rows);
      Model model = row -> Classification.of(label(row.number(0), boundary));
      return TrainedModel.of(SCHEMA, model, draft -> draft.runtime("circle"), context);
    }
  };

  private static double boundary(List<Labelled<Row>> rows) {
    double[] x = rows.stream().mapToDouble(row -> row.input().number(0)).toArray();
    double[] yes = rows.stream()
        .mapToDouble(row -> row.truth().label().orElseThrow().equals("yes") ? 1 : 0)
        .toArray();
    double best = 0;
    int fewest = Integer.MAX_VALUE;
    for (int step = 0; step < 50; step++) {
      int wrong = 0;
      for (int i = 0; i < x.length; i++) {
        wrong += isBehind(x[i], step / 50.0) == (yes[i] == 1) ? 0 : 1;
      }
      if (wrong < fewest) {
        fewest = wrong;
        best = step / 50.0;
      }
    }
    return best;
  }

  private static boolean isBehind(double x, double boundary) {
    double behind = x - boundary;
    return behind - Math.floor(behind) < 0.5;
  }

  private static String label(double x, double boundary) {
    return isBehind(x, boundary) ? "yes" : "no";
  }

  private static List<Outcome> stream(double pace, int rows, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Outcome> all = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      double x = random.nextDouble();
      boolean turned = random.nextDouble() < 0.1;
      boolean yes = label(x, i * pace).equals("yes") != turned;
      all.add(Outcome.builder(i, i, "1")
          .row(ROWS.row(x))
          .prediction(Classification.of("yes"))
          .truth(Truth.of(yes ? "yes" : "no"))
          .servedAt(START.plus(Duration.ofMinutes(i)))
          .build());
    }
    return all;
  }

  private static FreshnessStudy study(List<Outcome> rows) {
    return FreshnessStudy.of(TRAINER).trainedOn(TRAINED_ON).costs(1, TRAINING).over(rows);
  }

  /** What a fixed period costs on rows that no study saw: losses, and trainings. */
  private static double cost(List<Outcome> rows, int from, int period) {
    double cost = 0;
    double boundary = 0;
    for (int i = from; i < rows.size(); i++) {
      if ((i - from) % period == 0) {
        boundary = boundary(
            rows.subList(i - TRAINED_ON, i).stream().map(Outcome::labelled).toList());
        cost += TRAINING;
      }
      Outcome row = rows.get(i);
      cost += row.truth().equals(Truth.of(label(row.row().number(0), boundary))) ? 0 : 1;
    }
    return cost;
  }

  /** Not ageing, half a circle in 20,000 rows, half a circle in 2,000. */
  @ParameterizedTest
  @CsvSource({"0, 1", "0.000025, 2", "0.00025, 3"})
  void theCostOfTheProposedPeriodIsWithinATenthOfTheBest(double pace, long seed) {
    List<Outcome> rows = stream(pace, 2 * STUDIED, seed);
    FreshnessStudy study = study(rows.subList(0, STUDIED));
    int best = 0;
    double lowest = Double.POSITIVE_INFINITY;
    for (int period = 25; period <= STUDIED; period = period * 4 / 3 + 1) {
      double cost = cost(rows, STUDIED, period);
      if (cost < lowest) {
        lowest = cost;
        best = period;
      }
    }
    double proposed = cost(rows, STUDIED, (int) study.period().toMinutes());
    assertThat(proposed / lowest)
        .as("%s; best every %d min at %.0f, proposed %.0f", study, best, lowest, proposed)
        .isLessThanOrEqualTo(1.1);
    assertThat(study.shortest()).isLessThanOrEqualTo(study.period());
    assertThat(study.longest()).isGreaterThanOrEqualTo(study.period());
    assertThat(study.openEnded()).isEqualTo(pace == 0);
  }

  @Test
  void theLossByAgeIsThatOfTheStream() {
    FreshnessStudy study = study(stream(0.00025, STUDIED, 4));
    List<FreshnessStudy.Aged> losses = study.losses();
    for (FreshnessStudy.Aged aged : losses) {
      double moved = (aged.age().toMinutes() + TRAINED_ON / 2.0) * 0.00025;
      double behind = moved - Math.floor(moved);
      double wrong = 2 * Math.min(behind, 1 - behind);
      if (aged.age().toMinutes() < 1_500) { // after half a circle it is fresh again
        // The formula takes the model for one of the middle of its rows; half of the way they cover
        // is .04 of loss.
        assertThat(aged.loss()).as(aged.toString()).isCloseTo(0.1 + 0.8 * wrong, offset(0.05));
        assertThat(aged.loss()).isBetween(aged.lower() - 0.02, aged.upper() + 0.02);
      }
    }
    assertThat(losses).hasSizeGreaterThan(8);
    assertThat(study).asString().contains("train every", "trainings", "fresh");
    assertThat(study.trainings()).isBetween(60, 108);
  }

  /** Every model finds a stretch of rows hard that is turned round by half: that is no age. */
  @Test
  void aHardSeasonIsNotTakenForAge() {
    List<Outcome> rows = stream(0, STUDIED, 5);
    for (int i = 12_000; i < STUDIED; i++) {
      if (i % 4 == 0) {
        Outcome row = rows.get(i);
        String other = row.truth().equals(Truth.of("yes")) ? "no" : "yes";
        rows.set(
            i,
            Outcome.builder(i, i, "1")
                .row(row.row())
                .prediction(row.prediction())
                .truth(Truth.of(other))
                .servedAt(row.servedAt())
                .build());
      }
    }
    FreshnessStudy study = study(rows);
    assertThat(study.openEnded()).as(study.toString()).isTrue();
  }

  @Test
  void whatCannotBeStudiedIsRefused() {
    List<Outcome> few = stream(0, 500, 1);
    assertThatThrownBy(() -> study(few))
        .hasMessageContaining("600")
        .hasMessageContaining("got 500");
    assertThatThrownBy(() -> FreshnessStudy.of(TRAINER).over(few))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("costs(ofLoss, ofTraining)");
    assertThatThrownBy(() -> FreshnessStudy.of(TRAINER).costs(0, 1)).hasMessageContaining("> 0");
    assertThatThrownBy(() -> FreshnessStudy.of(TRAINER).stretches(3)).hasMessageContaining(">= 4");
    assertThatThrownBy(() -> FreshnessStudy.of(TRAINER).trainedOn(0)).hasMessageContaining(">= 1");
    assertThatThrownBy(() -> FreshnessStudy.of(TRAINER).truthsAfter(Duration.ofDays(-1)))
        .hasMessageContaining("negative");
  }

  // --- policies
  // --------------------------------------------------------------------------------------------

  private static final FreshnessStudy SLOW = study(stream(0.000025, STUDIED, 2));

  private static Evidence at(Duration age) {
    return Evidence.builder("circle", START.plus(age)).build();
  }

  @Nested
  class KeepingPaceContract extends RetrainPolicyContract {
    @Override
    protected RetrainPolicy policy() {
      return keepingPace(SLOW, Duration.ofMinutes(30));
    }

    @Override
    protected List<Evidence> evidence() {
      return List.of(at(Duration.ZERO), at(SLOW.period()), at(SLOW.period().multipliedBy(2)));
    }
  }

  @Test
  void theAgeAtWhichItPaysIsTheStudys() {
    RetrainPolicy policy = olderThan(SLOW);
    RetrainHistory past = RetrainHistory.of(START);
    assertThat(policy.decide(at(SLOW.period().minusSeconds(1)), past).retrain()).isFalse();
    assertThat(policy.decide(at(SLOW.period()), past).retrain()).isTrue();
  }

  /** Three changes, an hour apart, then none: the limit is an hour, and grows until it is the period again. */
  @Test
  void whileChangesComeMoreOftenThePeriodIsShorter() {
    assertThat(SLOW.period()).isGreaterThan(Duration.ofHours(6));
    RetrainPolicy policy = keepingPace(SLOW, Duration.ofMinutes(30));
    RetrainHistory.Builder builder = RetrainHistory.builder(START);
    for (int hour = 0; hour < 3; hour++) {
      Instant begun = START.plus(Duration.ofHours(hour));
      builder.candidate(begun, hour).begunFor(begun, hour);
      builder.candidate(begun.plusSeconds(60), hour).begunFor(begun.plusSeconds(60), hour); // again
    }
    RetrainHistory past = builder.championSince(START.plus(Duration.ofHours(2))).build();
    assertThat(past.recentChanges()).hasSize(3);
    Duration hour = Duration.ofHours(1);
    assertThat(policy.decide(at(hour.multipliedBy(3).minusSeconds(60)), past).retrain())
        .isFalse();
    RetrainDecision soon = policy.decide(at(hour.multipliedBy(3)), past);
    assertThat(soon.retrain()).isTrue();
    assertThat(soon.toString()).contains("changes come more often than models age");

    Duration later = SLOW.period().multipliedBy(3);
    RetrainHistory calm = past.toBuilder()
        .championSince(START.plus(later).minus(SLOW.period()).plusSeconds(60))
        .build();
    RetrainDecision late = policy.decide(at(later), calm);
    assertThat(late.retrain()).as(late.toString()).isFalse();
    assertThat(policy.decide(at(later.plusSeconds(60)), calm).retrain()).isTrue();

    assertThatThrownBy(() -> keepingPace(SLOW, SLOW.period().plusSeconds(1)))
        .hasMessageContaining("at most the period");
  }
}
