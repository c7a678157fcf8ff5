package dev.mlops.drift.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class SkillTest {
  private static final Schema SCHEMA =
      Schema.of(Column.number("x")).predicting(Task.CLASSIFICATION);
  private static final Schema QUANTITY = Schema.of(Column.number("x")).predicting(Task.REGRESSION);

  private static <T> Baseline tested(
      Schema schema,
      int rows,
      Function<Random, T> right,
      BiFunction<Random, T, Prediction> said,
      Function<T, Truth> truth) {
    Random random = new Random(17);
    List<Row> inputs = new ArrayList<>();
    List<Prediction> predictions = new ArrayList<>();
    List<Truth> truths = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      T is = right.apply(random);
      inputs.add(Row.of(schema, i));
      predictions.add(said.apply(random, is));
      truths.add(truth.apply(is));
    }
    return Baselines.from(schema, inputs, predictions, truths);
  }

  private static Baseline labels(
      Schema schema, Function<Random, String> right, BiFunction<Random, String, String> said) {
    return tested(
        schema, 2_000, right, (random, is) -> Classification.of(said.apply(random, is)), Truth::of);
  }

  private static String mostly(Random random, double share) {
    return random.nextDouble() < share ? "ok" : "fraud";
  }

  @Test
  void alwaysTheMajorityHasNoSkill() {
    Baseline constant = labels(SCHEMA, random -> mostly(random, 0.8), (random, is) -> "ok");
    assertThat(Skill.doubt(constant).orElseThrow())
        .contains("accuracy", "no better than always \"ok\"", "2000 test rows");
    assertThat(Skill.majority(constant).orElseThrow().getKey()).isEqualTo("ok");
    assertThat(Skill.majority(constant).orElseThrow().getValue()).isBetween(0.77, 0.83);
  }

  @Test
  void guessingHasNoSkill() {
    for (int kinds : new int[] {2, 3, 7}) {
      Baseline guessed = labels(
          SCHEMA,
          random -> "kind " + random.nextInt(kinds),
          (random, is) -> "kind " + random.nextInt(kinds));
      assertThat(Skill.doubt(guessed)).as(kinds + " kinds").isPresent();
    }
  }

  /** 99.7 % are ok. A model that finds nine of ten frauds, with as many false alarms as ten times the frauds, has skill. */
  @Test
  void aModelForRareLabelsHasSkillThoughItsAccuracyIsBelowTheMajority() {
    BiFunction<Random, String, String> said = (random, is) -> is.equals("fraud")
        ? random.nextInt(10) < 9 ? "fraud" : "ok"
        : random.nextInt(33) == 0 ? "fraud" : "ok";
    Baseline unmarked = labels(SCHEMA, random -> mostly(random, 0.99), said);
    assertThat(unmarked.quality(Metric.ACCURACY).orElseThrow().value())
        .isLessThan(Skill.majority(unmarked).orElseThrow().getValue());
    assertThat(Skill.doubt(unmarked)).isEmpty();
    assertThat(Skill.doubt(
            labels(SCHEMA.positiveLabel("fraud"), random -> mostly(random, 0.99), said)))
        .isEmpty();
  }

  @Test
  void ofAPositiveLabelPrecisionIsHeldAgainstItsShare() {
    Schema fraud = SCHEMA.positiveLabel("fraud");
    assertThat(Skill.doubt(
                labels(fraud, random -> mostly(random, 0.9), (random, is) -> mostly(random, 0.5)))
            .orElseThrow())
        .contains("precision", "chance", "\"fraud\"");
    assertThat(Skill.doubt(labels(fraud, random -> mostly(random, 0.9), (random, is) -> "fraud")))
        .as("always the positive label")
        .isPresent();
    assertThat(Skill.doubt(labels(fraud, random -> mostly(random, 0.9), (random, is) -> "ok"))
            .orElseThrow())
        .contains("never said \"fraud\"");
  }

  @Test
  void aRegressionIsHeldAgainstTheMean() {
    Baseline mean =
        tested(QUANTITY, 500, Random::nextGaussian, (random, is) -> Regression.of(0.0), Truth::of);
    assertThat(Skill.doubt(mean).orElseThrow()).contains("r2", "always the mean", "500 test rows");
    Baseline good = tested(
        QUANTITY,
        500,
        Random::nextGaussian,
        (random, is) -> Regression.of(is + random.nextGaussian() / 2),
        Truth::of);
    assertThat(Skill.doubt(good)).isEmpty();
    assertThat(Skill.majority(good)).isEmpty();
  }

  @Test
  void aTestPhaseThatDoesNotTellTellsNothing() {
    Schema fraud = SCHEMA.positiveLabel("fraud");
    assertThat(Skill.doubt(Baseline.builder(fraud).build())).isEmpty();
    assertThat(Baseline.builder(fraud).build().unseenPositive()).isEmpty();
    Baseline inputs = Baselines.from(SCHEMA, Collections.nCopies(5, Row.of(SCHEMA, 1.0)));
    assertThat(inputs.rows()).isEqualTo(5);
    assertThat(inputs.columns()).hasSize(1);
    assertThat(inputs.quality()).isEmpty();
    assertThat(inputs.labels()).isEmpty();
    assertThat(Skill.doubt(inputs)).isEmpty();
    assertThatThrownBy(() -> Baselines.from(SCHEMA, List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least one row");
  }

  @Test
  void aPositiveLabelThatNoTestRowHasIsToldWithTheNearest() {
    Schema typo = SCHEMA.positiveLabel("Fraud");
    Baseline tested = labels(typo, random -> mostly(random, 0.9), (random, is) -> is);
    assertThat(tested.unseenPositive().orElseThrow())
        .contains("none of 2000", "\"Fraud\"", "\"fraud\" meant");
    assertThat(
            labels(SCHEMA.positiveLabel("fraud"), random -> mostly(random, 0.9), (random, is) -> is)
                .unseenPositive())
        .isEmpty();
    assertThat(labels(SCHEMA.positiveLabel("theft"), random -> "ok", (random, is) -> is)
            .unseenPositive()
            .orElseThrow())
        .as("nothing is near")
        .doesNotContain("meant");
    Baseline notAll = Baseline.builder(typo)
        .labels(new CategoryProfile("label", Map.of("ok", 5L), 1, 0))
        .build();
    assertThat(notAll.unseenPositive()).as("one label is not listed").isEmpty();
  }

  /** The labels of a baseline are counted like a column of categories: the 200 most frequent, the rest as one number. */
  @Test
  void labelsAreCountedAndBounded() {
    Baseline many =
        labels(SCHEMA, random -> "kind " + random.nextInt(500), (random, is) -> "kind 1");
    CategoryProfile labels = many.labels().orElseThrow();
    assertThat(labels.counts()).hasSize(200);
    assertThat(labels.n()).isEqualTo(2_000);
    assertThat(labels.other()).isPositive();
  }
}
