package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.AdaptiveModel;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageFile.Role;
import dev.mlops.api.pack.Trained;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The contract of {@link AdaptiveModel}: one test per clause of its Javadoc, named after the clause.
 *
 * @since 0.1
 */
@DisplayName("An adaptive model")
public abstract class AdaptiveModelContract {
  /** How often the rows are taught where memory is looked at. */
  private static final int ROUNDS = 20;

  /** For a subclass. */
  protected AdaptiveModelContract() {}

  /** {@return a model that has learnt nothing; of the same settings at every call} */
  protected abstract AdaptiveModel model();

  /** {@return rows with the columns of the model, 200 at least, and truths of two labels at least; the same at every call} */
  protected abstract List<Labelled<Row>> rows();

  /**
   * {@return the model in a package, as a runtime loads it}
   *
   * @param packaged made of a snapshot
   */
  protected abstract Model load(ModelPackage packaged);

  private AdaptiveModel taught(int from, int to) {
    return taught(model(), from, to);
  }

  private AdaptiveModel taught(AdaptiveModel model, int from, int to) {
    rows().subList(from, to).forEach(model::learn);
    return model;
  }

  private List<Prediction> answers(Model model) {
    return rows().stream().map(row -> model.predict(row.input())).toList();
  }

  @Test
  @DisplayName("answers before it has learnt anything")
  void answersAlways() {
    AdaptiveModel model = model();
    assertThat(model.learned()).isZero();
    assertThat(answers(model::predict)).allMatch(Prediction::isFinite);
  }

  @Test
  @DisplayName("is not changed by being asked")
  void answersAlways_changesNothing() {
    AdaptiveModel asked = model();
    for (int i = 0; i < 100; i++) {
      Prediction unused = asked.predict(rows().get(i + 100).input());
      asked.learn(rows().get(i));
    }
    assertThat(answers(asked::predict)).isEqualTo(answers(taught(0, 100)::predict));
    assertThat(asked.learned()).isEqualTo(100);
  }

  @Test
  @DisplayName("counts what it learns, and answers what it is taught")
  void learns() {
    AdaptiveModel model = model();
    for (int i = 0; i < 100; i++) {
      model.learn(rows().get(i));
      assertThat(model.learned()).isEqualTo(i + 1);
    }
    for (Truth truth : rows().stream().map(Labelled::truth).distinct().limit(3).toList()) {
      AdaptiveModel fresh = model();
      Row row = rows().get(0).input();
      for (int i = 0; i < 50; i++) {
        fresh.learn(new Labelled<>(row, truth));
      }
      assertThat(((Classification) fresh.predict(row)).label())
          .isEqualTo(truth.label().orElseThrow());
    }
  }

  @Test
  @DisplayName("gives snapshots that stand while it learns on")
  void snapshotStands() {
    AdaptiveModel model = taught(0, 100);
    Model snapshot = model.snapshot().model();
    List<Prediction> then = answers(model::predict);
    assertThat(answers(snapshot)).isEqualTo(then);
    taught(model, 100, 200);
    assertThat(answers(snapshot)).isEqualTo(then);
  }

  @Test
  @DisplayName("is the same when a snapshot is packaged and loaded")
  void restored() {
    for (int rows : new int[] {150, 0}) {
      Trained snapshot = taught(0, rows).snapshot();
      assertThat(answers(load(snapshot.asPackage("learner"))))
          .as("after " + rows + " rows")
          .isEqualTo(answers(snapshot.model()));
    }
  }

  @Test
  @DisplayName("gives the same bytes for the same rows in the same order")
  void snapshotsAreTheSame() {
    AdaptiveModel other = model();
    for (int i = 0; i < 150; i++) {
      other.learn(rows().get(i));
    }
    assertThat(taught(0, 150).snapshot().asPackage("learner").digest())
        .isEqualTo(other.snapshot().asPackage("learner").digest());
  }

  @Test
  @DisplayName(
      "refuses a row that lacks a column, and a truth of another kind, and learns nothing of them")
  void refusesOthers() {
    AdaptiveModel model = taught(0, 100);
    List<Prediction> before = answers(model::predict);
    Labelled<Row> fine = rows().get(0);
    Row other = Row.of(Schema.of(Column.number("no_column_of_the_model")), 1.0);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.learn(new Labelled<>(other, fine.truth())));
    assertThatIllegalArgumentException().isThrownBy(() -> model.predict(other));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.learn(new Labelled<>(fine.input(), Truth.of(1.0))));
    assertThat(answers(model::predict)).isEqualTo(before);
    assertThat(model.learned()).isEqualTo(100);
  }

  @Test
  @DisplayName("answers and learns what is missing, not finite or never seen")
  void missingIsFine() {
    AdaptiveModel model = taught(0, 100);
    Truth truth = rows().get(0).truth();
    List<Row> odd = List.of(
        row(Double.NaN, ""),
        row(Double.POSITIVE_INFINITY, "never seen"),
        row(Double.NEGATIVE_INFINITY, ""));
    for (Row each : odd) {
      assertThat(model.predict(each).isFinite()).isTrue();
      model.learn(new Labelled<>(each, truth));
      assertThat(model.predict(each).isFinite()).isTrue();
    }
    assertThat(answers(model::predict)).allMatch(Prediction::isFinite);
    assertThat(model.learned()).isEqualTo(103);
  }

  /** A row with one number and one name everywhere. */
  private Row row(double number, String name) {
    Schema schema = model().schema();
    double[] numbers = new double[schema.size()];
    String[] names = new String[schema.size()];
    for (int i = 0; i < schema.size(); i++) {
      if (schema.isNumber(i)) {
        numbers[i] = number;
      } else {
        names[i] = name;
      }
    }
    return Row.of(schema, numbers, names);
  }

  @Test
  @DisplayName("takes no more memory than it says, whatever comes")
  void bounded() {
    AdaptiveModel model = model();
    long most = model.mostBytes();
    assertThat(most).isPositive();
    IntFunction<Row> endless = i -> row(i * 1.5, "name " + i);
    List<Truth> truths = rows().stream().map(Labelled::truth).toList();
    List<Long> sizes = new ArrayList<>();
    for (int round = 0; round < ROUNDS; round++) {
      for (int i = 0; i < truths.size(); i++) {
        model.learn(new Labelled<>(endless.apply(round * truths.size() + i), truths.get(i)));
      }
      sizes.add(weights(model));
      assertThat(model.mostBytes()).isEqualTo(most);
    }
    assertThat(sizes).allMatch(size -> size <= most, "at most " + most + " bytes");
    // A model that keeps some of every row doubles over the last half of the rounds. A tree may
    // still split there, so a quarter more is allowed.
    long half = sizes.get(ROUNDS / 2 - 1);
    assertThat(sizes.get(ROUNDS - 1))
        .as("bytes after all rounds, beside " + half + " after half of them")
        .isLessThanOrEqualTo(half + half / 4);
  }

  private static long weights(AdaptiveModel model) {
    return model.snapshot().asPackage("learner").files(Role.WEIGHTS).stream()
        .mapToLong(PackageFile::size)
        .sum();
  }
}
