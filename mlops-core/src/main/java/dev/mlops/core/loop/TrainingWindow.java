package dev.mlops.core.loop;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.pack.Dependence;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.TestPhase;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.pack.TrainingStoppedException;
import dev.mlops.api.retrain.RowSelection;
import dev.mlops.core.internal.guard.Closing;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Which of the matured outcomes a candidate is trained on.
 *
 * <p>Candidate windows are the newest 100, 200, 400 … outcomes, all that are kept and may be used, and those since the change
 * point if one is known. Each is back-tested: trained without the newest rows and scored on them, each of which is predicted once.
 * A window that the trainer refuses, such as one with a single label, is left out; the candidate fails only if all are. The longest window whose score is
 * within half a standard error of the best wins: the cut at the change alone breaks when a change is gradual, a long
 * window alone when it is abrupt. The rows held back for the back-test are a fifth of those since the change, at least
 * 20 and at most 200; without a change 100, or half of what there is if that is less. They also are the gate's and the
 * test phase of the package, so the candidate that is shipped never saw them.
 *
 * <p>After a change the window is soon too short: {@link dev.mlops.core.retrain.RetrainPolicies#followUps} asks for another
 * candidate once the rows since the change have tripled.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class TrainingWindow implements RowSelection {
  private static final int SHORTEST = 100;
  private static final int FEWEST_TRAINED = 20;
  private static final int FEWEST_HELD_BACK = 20;
  private static final int MOST_HELD_BACK = 200;
  private static final int HELD_BACK_WITHOUT_CHANGE = 100;
  private static final double HELD_BACK_SHARE = 0.2;
  private static final double STANDARD_ERRORS = 0.5;

  /** How many blocks since a change before anything is trained. */
  private static final int BLOCKS = 2;

  /** How many blocks are held back, where that is no more than half of the rows. */
  private static final int BLOCKS_HELD_BACK = 3;

  private final int least;
  private final int most;
  private final int block;

  private TrainingWindow(int least, int most, int block) {
    this.least = least;
    this.most = most;
    this.block = block;
  }

  /**
   * {@return a window that is cut where the back-test says, up to the change point}
   *
   * @param least how many outcomes there must be since the change before anything is trained; at least 30
   * @param most how many outcomes are used at most; at least 100 and at least {@code least}
   * @throws IllegalArgumentException if they are out of range
   */
  public static TrainingWindow sinceChange(int least, int most) {
    if (least < 30 || most < SHORTEST || most < least) {
      throw new IllegalArgumentException("a window must have least >= 30, most >= " + SHORTEST
          + " and most >= least, but had " + least + " and " + most);
    }
    return new TrainingWindow(least, most, 1);
  }

  /**
   * {@return the same window for rows that depend on each other}
   *
   * <p>It waits for two blocks since the change, at most for as many outcomes as it uses, and holds back three blocks, at most
   * half of the rows: fewer come from one and the same stretch of time.
   */
  @Override
  public TrainingWindow under(Dependence dependence) {
    return new TrainingWindow(least, most, dependence.blockLength());
  }

  @Override
  public int most() {
    return most;
  }

  @Override
  public Optional<String> waitsFor(long kept, long end, OptionalLong change) {
    long fewest = Math.max(least, SHORTEST);
    if (kept < fewest) {
      return Optional.of("waiting for " + (fewest - kept) + " more outcomes: " + kept
          + " are kept, the window wants " + fewest);
    }
    long wanted = Math.max(least, Math.min(most, (long) BLOCKS * block));
    if (change.isPresent() && end - change.getAsLong() < wanted) {
      return Optional.of("waiting for " + (wanted - (end - change.getAsLong()))
          + " more outcomes since the change"
          + (wanted > least ? ": two blocks of " + block + " that depend on each other" : ""));
    }
    return Optional.empty();
  }

  /**
   * {@return what is trained on these rows when no change is known}
   *
   * <p>The same back-test as a loop's, to tell what a loop would have done.
   *
   * @param rows oldest first, at least 40
   * @param trainer makes the models
   * @throws IllegalArgumentException if there are too few
   */
  public Trained train(List<Labelled<Row>> rows, ModelTrainer trainer) {
    List<Labelled<Row>> newest = rows.subList(Math.max(0, rows.size() - most), rows.size());
    return choose(newest, OptionalLong.empty(), trainer, TrainingContext.none()).trained;
  }

  /** The best of the back-tested windows: its size, how many rows were held back of it, and how many fits it took. */
  private record Choice(Trained trained, TestPhase tested, int size, int held, int fits) {}

  /** A window that was trained on, and what its model answers to the rows held back. */
  private record Fit(Trained trained, TestPhase tested) {}

  @Override
  public Selected select(
      List<Outcome> outcomes, OptionalLong change, ModelTrainer trainer, TrainingContext context) {
    int n = outcomes.size();
    Choice choice = choose(
        outcomes.stream().map(Outcome::labelled).toList(),
        since(outcomes, change),
        trainer,
        context);
    int cut = n - choice.held;
    return Selected.of(outcomes.subList(n - choice.size, cut), outcomes.subList(cut, n))
        .fitted(choice.trained, choice.tested, choice.fits);
  }

  /** How many of the newest outcomes are held back. */
  static int heldBack(List<Outcome> outcomes, OptionalLong change, int block) {
    int n = outcomes.size();
    return heldBack(n, since(outcomes, change), block);
  }

  private static OptionalLong since(List<Outcome> outcomes, OptionalLong change) {
    int n = outcomes.size();
    long end = outcomes.get(n - 1).position() + 1;
    return change.isPresent()
        ? OptionalLong.of(Math.max(1, Math.min(n, end - change.getAsLong())))
        : OptionalLong.empty();
  }

  private static int heldBack(int n, OptionalLong since, int block) {
    return since.isPresent()
        ? heldBack((int) since.getAsLong(), block)
        : Math.max(
            Math.max(FEWEST_HELD_BACK, Math.min(HELD_BACK_WITHOUT_CHANGE, n / 2)),
            blocks(n, block));
  }

  private Choice choose(
      List<Labelled<Row>> rows, OptionalLong since, ModelTrainer trainer, TrainingContext context) {
    int n = rows.size();
    int held = heldBack(n, since, block);
    int cut = n - held;
    TreeSet<Integer> sizes = new TreeSet<>();
    for (int size = SHORTEST; size <= Math.min(most, n); size *= 2) {
      sizes.add(size);
    }
    sizes.add(Math.min(most, n));
    since.ifPresent(size -> sizes.add((int) Math.min(most, size)));
    sizes.removeIf(size -> size - held < FEWEST_TRAINED);
    if (sizes.isEmpty()) {
      throw new IllegalArgumentException("wanted at least "
          + FEWEST_TRAINED
          + " rows to train on besides "
          + held
          + " held back, got "
          + n
          + " rows");
    }
    List<Labelled<Row>> heldBack = rows.subList(cut, n);
    Losses losses = Losses.of(trainer.schema());
    TreeMap<Integer, Fit> fits = new TreeMap<>();
    TreeMap<Integer, double[]> scores = new TreeMap<>();
    Failures failures = new Failures();
    int done = 0;
    List<Trained> made = new ArrayList<>();
    Trained kept = null;
    try {
      for (int size : sizes) {
        context.progress(done++, sizes.size(), "training on " + (size - held) + " rows");
        Trained trained = fit(rows.subList(n - size, cut), trainer, context, failures);
        if (trained != null) {
          made.add(trained);
          TestPhase tested = trained.test(heldBack);
          fits.put(size, new Fit(trained, tested));
          scores.put(size, losses.score(tested));
        }
      }
      if (fits.isEmpty()) {
        throw failures.all();
      }
      int size = longest(scores);
      Fit chosen = requireNonNull(fits.get(size));
      kept = chosen.trained;
      return new Choice(chosen.trained, chosen.tested, size, held, fits.size());
    } finally {
      Closing.allBut(kept, made);
    }
  }

  /** The model of a window; null if the trainer refuses its rows, which those of another may not share. */
  private static @Nullable Trained fit(
      List<Labelled<Row>> rows, ModelTrainer trainer, TrainingContext context, Failures failures) {
    try {
      return trainer.train(rows, context);
    } catch (TrainingStoppedException e) {
      throw e;
    } catch (RuntimeException e) {
      failures.add(e);
      return null;
    }
  }

  /** Why no window could be trained on: the first reason, with the others inside. */
  private static final class Failures {
    private @Nullable RuntimeException first;

    void add(RuntimeException e) {
      if (first == null) {
        first = e;
      } else if (first != e) {
        first.addSuppressed(e);
      }
    }

    RuntimeException all() {
      return requireNonNull(first);
    }
  }

  private static int heldBack(int since, int block) {
    return Math.max(
        Math.max(
            FEWEST_HELD_BACK, Math.min(MOST_HELD_BACK, (int) Math.round(since * HELD_BACK_SHARE))),
        blocks(since, block));
  }

  /** As many rows as three blocks have, at most half of them. */
  private static int blocks(int rows, int block) {
    return (int) Math.min((long) BLOCKS_HELD_BACK * block, rows / 2);
  }

  /** The longest window whose mean loss is within half a standard error of the best. */
  private static int longest(SortedMap<Integer, double[]> scores) {
    double[] best =
        scores.values().stream().min((a, b) -> Double.compare(a[0], b[0])).orElseThrow();
    int chosen = scores.firstKey();
    for (var entry : scores.entrySet()) {
      if (entry.getValue()[0] <= best[0] + STANDARD_ERRORS * best[1]) {
        chosen = entry.getKey();
      }
    }
    return chosen;
  }

  /** {@return such as {@code since the change, 200 to 5000 outcomes}} */
  @Override
  public String toString() {
    return "since the change, " + least + " to " + most + " outcomes";
  }
}
