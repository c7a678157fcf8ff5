package dev.mlops.core.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.pack.Dependence;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.pack.TrainingStoppedException;
import dev.mlops.api.retrain.RowSelection;
import dev.mlops.core.pack.TrainedModel;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class TrainingWindowTest {
  private final LoopScene.ScriptedTrainer trainer = new LoopScene.ScriptedTrainer();

  /** Outcomes from a position on; the input of each is told apart by its position. */
  private static List<Outcome> outcomes(long from, int count) {
    List<Outcome> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      double x = (from + i) / 1e6;
      all.add(Outcome.builder(from + i, i, "1")
          .row(Row.of(LoopScene.SCHEMA, x))
          .prediction(Classification.of("yes"))
          .truth(Truth.of("yes"))
          .servedAt(Instant.EPOCH)
          .build());
    }
    return all;
  }

  private static List<Integer> sizes(List<List<Labelled<Row>>> calls) {
    return calls.stream().map(List::size).toList();
  }

  private RowSelection.Selected select(int least, int most, int count, OptionalLong change) {
    trainer.calls.clear();
    return TrainingWindow.sinceChange(least, most)
        .select(outcomes(1_000, count), change, trainer, TrainingContext.none());
  }

  @Test
  void withoutAChangeWindowsDoubleAndAHundredRowsAreHeldBack() {
    RowSelection.Selected selection = select(100, 5_000, 1_700, OptionalLong.empty());
    assertThat(sizes(trainer.calls))
        .as("200, 400, 800, 1600 and all 1700")
        .isEqualTo(List.of(100, 300, 700, 1_500, 1_600));
    assertThat(selection.heldBack().size()).isEqualTo(100);
    assertThat(selection.fits()).isEqualTo(5);
  }

  /** A fifth of those since the change, at least 20 and at most 200; the window of the change is one of those tried. */
  @Test
  void afterAChangeAFifthIsHeldBackAndTheChangeIsATriedWindow() {
    for (int[] wanted : new int[][] {{50, 20}, {100, 20}, {150, 30}, {700, 140}, {1_500, 200}}) {
      RowSelection.Selected selection =
          select(30, 5_000, 2_000, OptionalLong.of(3_000 - wanted[0]));
      assertThat(selection.heldBack().size())
          .as(wanted[0] + " since the change")
          .isEqualTo(wanted[1]);
      assertThat(sizes(trainer.calls))
          .as(sizes(trainer.calls).toString())
          .contains(wanted[0] - wanted[1]);
    }
  }

  @Test
  void theChangeBeforeTheFirstRowCutsNothing() {
    RowSelection.Selected selection = select(100, 5_000, 300, OptionalLong.of(3));
    assertThat(selection.heldBack().size()).isEqualTo(60);
    assertThat(sizes(trainer.calls)).contains(240);
  }

  @Test
  void theMostIsHonoured() {
    trainer.calls.clear();
    TrainingWindow.sinceChange(100, 400)
        .train(outcomes(0, 3_000).stream().map(Outcome::labelled).toList(), trainer);
    assertThat(sizes(trainer.calls)).isEqualTo(List.of(100, 300));
    assertThat(trainer.calls.get(1).get(0).input().number(0))
        .as("the newest 400")
        .isCloseTo(0.0026, within(1e-12));
  }

  /** Rows of one block tell one thing: three blocks are held back, at most half of the rows. */
  @Test
  void whereRowsDependOnEachOtherThreeBlocksAreHeldBackAndTwoWaitedFor() {
    TrainingWindow window =
        TrainingWindow.sinceChange(100, 5_000).under(new Dependence(5_000, 128, 15.5, 512, false));
    for (int[] wanted : new int[][] {{300, 150}, {700, 350}, {1_500, 384}}) {
      assertThat(window
              .select(
                  outcomes(0, 3_000),
                  OptionalLong.of(3_000 - wanted[0]),
                  trainer,
                  TrainingContext.none())
              .heldBack())
          .as(wanted[0] + " since the change")
          .hasSize(wanted[1]);
    }
    assertThat(window
            .select(outcomes(0, 600), OptionalLong.empty(), trainer, TrainingContext.none())
            .heldBack())
        .hasSize(300);
    assertThat(window.waitsFor(5_000, 9_255, OptionalLong.of(9_000)).orElse(""))
        .contains("1 more", "two blocks of 128");
    assertThat(window.waitsFor(5_000, 9_256, OptionalLong.of(9_000))).isEmpty();
    assertThat(window
            .under(new Dependence(90_000, 8_192, 70, 8_192, false))
            .waitsFor(5_000, 14_000, OptionalLong.of(9_000)))
        .as("no longer than a window is")
        .isEmpty();
    assertThat(window.under(Dependence.none()).waitsFor(5_000, 9_100, OptionalLong.of(9_000)))
        .isEmpty();
  }

  @Test
  void heldBackRowsAreTheNewestAndAreNeverTrainedOn() {
    for (OptionalLong change : List.of(OptionalLong.empty(), OptionalLong.of(1_700))) {
      RowSelection.Selected selection = select(100, 5_000, 1_000, change);
      double first = selection.heldBack().get(0).row().number(0);
      assertThat(selection.heldBack().get(selection.heldBack().size() - 1).position())
          .isEqualTo(1_999);
      trainer.calls.forEach(rows -> rows.forEach(
          row -> assertThat(row.input().number(0)).as("trained on later rows").isLessThan(first)));
      assertThat(selection.training().get(selection.training().size() - 1).position())
          .isEqualTo(selection.heldBack().get(0).position() - 1);
    }
  }

  /**
   * Held back are 100 rows, all of which the model of {@code A} gets right. A model that errs on k of them has mean k/100
   * and the best, with error e, the standard error √(e(1 − e)/100): at e = 0.1 that is 0.03, so 0.115 is the limit.
   */
  @Test
  void theLongestWindowWithinHalfAStandardErrorOfTheBestWins() {
    assertThat(chosen(10, 11)).as("0.11 is within").isEqualTo(300);
    assertThat(chosen(10, 12)).as("0.12 is not").isEqualTo(100);
    assertThat(chosen(12, 10)).as("longer and better").isEqualTo(300);
    assertThat(chosen(10, 10)).isEqualTo(300);
  }

  /** Beside the powers of two the most is tried; a window of it is used where it is no worse. */
  @Test
  void upToTheMostMeansTheMost() {
    select(100, 1_000, 1_000, OptionalLong.empty());
    assertThat(sizes(trainer.calls))
        .as("200, 400, 800 and 1000, less 100")
        .containsExactly(100, 300, 700, 900);
    assertThat(select(100, 1_000, 3_000, OptionalLong.empty()).training()).hasSize(900);
  }

  /** Windows of one label only are refused by trainers; longer ones are not. */
  @Test
  void aWindowThatCannotBeFittedIsLeftOut() {
    ModelTrainer picky = refusingBelow(500);
    RowSelection.Selected chosen = TrainingWindow.sinceChange(100, 5_000)
        .select(outcomes(0, 1_000), OptionalLong.empty(), picky, TrainingContext.none());
    assertThat(chosen.training()).hasSize(900);
    assertThat(chosen.fits()).isEqualTo(2);
  }

  /** None of the windows of 100, 200, 400, 800 can be fitted, but all rows together can. */
  @Test
  void whereNoWindowCanBeFittedAllRowsAreTried() {
    RowSelection.Selected chosen = TrainingWindow.sinceChange(100, 5_000)
        .select(
            outcomes(0, 1_500), OptionalLong.empty(), refusingBelow(1_000), TrainingContext.none());
    assertThat(chosen.training()).hasSize(1_400);
    assertThatThrownBy(() -> TrainingWindow.sinceChange(100, 5_000)
            .select(
                outcomes(0, 1_500),
                OptionalLong.empty(),
                refusingBelow(9_000),
                TrainingContext.none()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("100 rows are too few");
  }

  private static ModelTrainer refusingBelow(int rows) {
    return new ModelTrainer() {
      @Override
      public Schema schema() {
        return LoopScene.SCHEMA;
      }

      @Override
      public Trained train(List<Labelled<Row>> trained, TrainingContext context) {
        if (trained.size() < rows) {
          throw new IllegalArgumentException(trained.size() + " rows are too few");
        }
        return fixed(row -> Classification.of("yes"));
      }
    };
  }

  @Test
  void aCancelledTrainingEndsTheChoice() {
    TrainingContext cancelled =
        TrainingContext.builder().cancelledWhen(() -> true).build();
    ModelTrainer obedient = new ModelTrainer() {
      @Override
      public Schema schema() {
        return LoopScene.SCHEMA;
      }

      @Override
      public Trained train(List<Labelled<Row>> trained, TrainingContext context) {
        context.requireRunning();
        return fixed(row -> Classification.of("yes"));
      }
    };
    assertThatThrownBy(() -> TrainingWindow.sinceChange(100, 5_000)
            .select(outcomes(0, 400), OptionalLong.empty(), obedient, cancelled))
        .isInstanceOf(TrainingStoppedException.class);
  }

  /** Trained rows of the window that wins of two, whose models err on given numbers of the hundred held-back rows. */
  private int chosen(int shortErrs, int longErrs) {
    TrainingWindow window = TrainingWindow.sinceChange(100, 5_000);
    List<Outcome> rows = outcomes(0, 400);
    ModelTrainer counting = new ModelTrainer() {
      @Override
      public Schema schema() {
        return LoopScene.SCHEMA;
      }

      @Override
      public Trained train(List<Labelled<Row>> trained, TrainingContext context) {
        int errs = trained.size() == 100 ? shortErrs : longErrs;
        return fixed(
            row -> Classification.of(row.number(0) * 1e6 < 300 + errs - 0.5 ? "no" : "yes"));
      }
    };
    return window
        .select(rows, OptionalLong.empty(), counting, TrainingContext.none())
        .training()
        .size();
  }

  private static Trained fixed(Model model) {
    return TrainedModel.of(
        LoopScene.SCHEMA, model, "fixed", new byte[] {1}, TrainingContext.none());
  }

  @Test
  void aModelThatThrowsLosesItsWindow() {
    ModelTrainer broken = new ModelTrainer() {
      @Override
      public Schema schema() {
        return LoopScene.SCHEMA;
      }

      @Override
      public Trained train(List<Labelled<Row>> trained, TrainingContext context) {
        return fixed(row -> {
          if (trained.size() == 300) {
            throw new IllegalStateException("bug");
          }
          return Classification.of("no");
        });
      }
    };
    assertThat(TrainingWindow.sinceChange(100, 5_000)
            .select(outcomes(0, 400), OptionalLong.empty(), broken, TrainingContext.none())
            .training()
            .size())
        .isEqualTo(100);
  }

  @Test
  void withFewRowsAndNoChangeHalfAreHeldBack() {
    for (int count : new int[] {40, 100, 130, 199}) {
      RowSelection.Selected selection = select(100, 5_000, count, OptionalLong.empty());
      assertThat(selection.heldBack().size())
          .as(count + " rows")
          .isEqualTo(Math.max(20, count / 2));
      assertThat(selection.training().size()).as(count + " rows").isGreaterThanOrEqualTo(20);
    }
    assertThat(catchThrowableOfType(
                IllegalArgumentException.class, () -> select(100, 5_000, 39, OptionalLong.empty()))
            .getMessage())
        .isEqualTo("wanted at least 20 rows to train on besides 20 held back, got 39 rows");
  }

  @Test
  void itSaysWhatItWaitsFor() {
    TrainingWindow window = TrainingWindow.sinceChange(150, 5_000);
    assertThat(window.waitsFor(149, 149, OptionalLong.empty()))
        .isEqualTo(Optional.of("waiting for 1 more outcomes: 149 are kept, the window wants 150"));
    assertThat(window.waitsFor(150, 150, OptionalLong.empty())).isEmpty();
    assertThat(window.waitsFor(5_000, 9_149, OptionalLong.of(9_000)))
        .isEqualTo(Optional.of("waiting for 1 more outcomes since the change"));
    assertThat(window.waitsFor(5_000, 9_150, OptionalLong.of(9_000))).isEmpty();
    assertThat(TrainingWindow.sinceChange(30, 100).waitsFor(40, 40, OptionalLong.of(0)))
        .isEqualTo(Optional.of("waiting for 60 more outcomes: 40 are kept, the window wants 100"));
  }

  @Test
  void itRefusesNumbersOutOfRange() {
    for (int[] wrong : new int[][] {{29, 100}, {30, 99}, {200, 199}}) {
      assertThat(catchThrowableOfType(
                  IllegalArgumentException.class,
                  () -> TrainingWindow.sinceChange(wrong[0], wrong[1]))
              .getMessage())
          .isEqualTo("a window must have least >= 30, most >= 100 and most >= least, but had "
              + wrong[0] + " and " + wrong[1]);
    }
    assertThat(TrainingWindow.sinceChange(30, 100).toString())
        .isEqualTo("since the change, 30 to 100 outcomes");
    assertThat(TrainingWindow.sinceChange(30, 100).most()).isEqualTo(100);
  }
}
