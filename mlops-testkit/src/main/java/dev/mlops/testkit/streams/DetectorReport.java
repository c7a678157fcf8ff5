package dev.mlops.testkit.streams;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.ValueDetector;
import dev.mlops.testkit.streams.AlarmScore.Acceptance;
import dev.mlops.testkit.streams.Prequential.Learner;
import dev.mlops.testkit.streams.Prequential.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Detectors on one stream with known changes, side by side, and never without what needs no detector.
 *
 * <p>Each line holds a detector's score and, in {@code periodic}, that of a trigger that looks at nothing and alarms just as
 * often: k alarms, n / k of n inputs apart, a mean over ten phases, since changes that are evenly spread themselves would
 * make one phase look clever. A detector that alarms every few rows finds everything; only what a detector has beyond its periodic
 * trigger is its own. A report on labelled rows begins with the learner that is never replaced and with the answer "as last
 * time" ({@link Prequential#noChange()}), one on values with no alarms at all.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class DetectorReport {
  /**
   * One detector, or one of the answers that need none.
   *
   * <p>Immutable.
   *
   * @param name what it is called
   * @param accuracy of the learner that is replaced at its alarms, 0 to 1; empty on values
   * @param score of its alarms
   * @param periodic what a trigger comes to that looks at nothing and alarms as often
   * @since 0.1
   */
  public record Line(String name, OptionalDouble accuracy, AlarmScore score, Periodic periodic) {}

  /**
   * What alarms at even distances come to, on average over ten phases.
   *
   * <p>Immutable.
   *
   * @param accuracy of the learner that is replaced at them, 0 to 1; empty on values
   * @param found changes found
   * @param falseAlarms alarms that found nothing
   * @since 0.1
   */
  public record Periodic(OptionalDouble accuracy, double found, double falseAlarms) {}

  private static final int PHASES = 10;

  /** What a stream and some alarms come to. */
  @FunctionalInterface
  private interface Stream {
    Seen under(Prequential.Trigger trigger);
  }

  private record Seen(OptionalDouble accuracy, List<Integer> alarms) {}

  private final Stream stream;
  private final int inputs;
  private final List<Integer> changes;
  private final Acceptance acceptance;
  private final List<Line> lines;

  private DetectorReport(
      Stream stream, int inputs, List<Integer> changes, Acceptance acceptance, List<Line> lines) {
    this.stream = stream;
    this.inputs = inputs;
    this.changes = changes;
    this.acceptance = acceptance;
    this.lines = lines;
  }

  /**
   * {@return a report on labelled rows, with a learner that is replaced at each alarm}
   *
   * @param rows the stream, with the delay of its truth
   * @param learner makes one, given the labels
   * @param changes positions of the changes, ascending
   * @param acceptance which alarms belong to a change
   */
  public static DetectorReport of(
      Prequential rows,
      Function<List<String>, ? extends Learner> learner,
      List<Integer> changes,
      Acceptance acceptance) {
    requireNonNull(learner, "learner");
    DetectorReport none = new DetectorReport(
        trigger -> {
          Run run = rows.run(learner, trigger);
          return new Seen(OptionalDouble.of(run.accuracy()), run.alarms());
        },
        rows.size(),
        List.copyOf(changes),
        requireNonNull(acceptance, "acceptance"),
        List.of());
    AlarmScore silent = none.score(List.of());
    OptionalDouble noChange = OptionalDouble.of(rows.noChange().accuracy());
    return none.with("no detector", none.stream.under((position, error) -> false))
        .with(new Line("no change: as last time", noChange, silent, new Periodic(noChange, 0, 0)));
  }

  /**
   * {@return a report on values}
   *
   * @param values the stream
   * @param changes positions of the changes, ascending
   * @param acceptance which alarms belong to a change
   */
  public static DetectorReport of(double[] values, List<Integer> changes, Acceptance acceptance) {
    double[] all = values.clone();
    DetectorReport none = new DetectorReport(
        trigger -> {
          List<Integer> alarms = new ArrayList<>();
          for (int t = 0; t < all.length; t++) {
            if (trigger.alarm(t, all[t])) {
              alarms.add(t);
            }
          }
          return new Seen(OptionalDouble.empty(), alarms);
        },
        all.length,
        List.copyOf(changes),
        requireNonNull(acceptance, "acceptance"),
        List.of());
    return none.with("no alarms", new Seen(OptionalDouble.empty(), List.of()));
  }

  /**
   * {@return this report and a line for one more detector}
   *
   * @param name what it is called
   * @param baseline how many inputs are collected before there is a detector; at least 0
   * @param detector makes it, given those inputs; it is fed the later ones
   */
  public DetectorReport with(
      String name, int baseline, Function<double[], ? extends ValueDetector> detector) {
    return with(name, stream.under(Prequential.watch(baseline, detector)));
  }

  /**
   * {@return this report and a line for alarms that come at regular distances, whatever they are}
   *
   * @param inputs from one alarm to the next; at least 1
   */
  public DetectorReport withAlarmEvery(int inputs) {
    ValueStream.requireAtLeast("inputs", inputs, 1);
    List<Integer> positions = IntStream.rangeClosed(1, this.inputs / inputs)
        .map(i -> i * inputs - 1)
        .boxed()
        .toList();
    return with("every " + inputs, stream.under(Prequential.at(positions)));
  }

  private DetectorReport with(String name, Seen seen) {
    return with(
        new Line(requireNonNull(name, "name"), seen.accuracy, score(seen.alarms), periodic(seen)));
  }

  private Periodic periodic(Seen seen) {
    int alarms = seen.alarms.size();
    if (alarms == 0) {
      return new Periodic(seen.accuracy, 0, 0);
    }
    double accuracy = 0;
    double found = 0;
    double wrong = 0;
    for (int phase = 0; phase < PHASES; phase++) {
      Seen even =
          stream.under(Prequential.at(AlarmScore.periodic(alarms, inputs, (phase + 0.5) / PHASES)));
      AlarmScore score = score(even.alarms);
      accuracy += even.accuracy.orElse(0) / PHASES;
      found += score.found() / (double) PHASES;
      wrong += score.falseAlarms() / (double) PHASES;
    }
    return new Periodic(
        seen.accuracy.isPresent() ? OptionalDouble.of(accuracy) : OptionalDouble.empty(),
        found,
        wrong);
  }

  private DetectorReport with(Line line) {
    List<Line> more = new ArrayList<>(lines);
    more.add(line);
    return new DetectorReport(stream, inputs, changes, acceptance, List.copyOf(more));
  }

  private AlarmScore score(List<Integer> alarms) {
    return AlarmScore.of(alarms, changes, acceptance);
  }

  /**
   * {@return what needs no detector, then the detectors in the order in which they were added}
   */
  public List<Line> lines() {
    return lines;
  }

  /** {@return a table in Markdown, numbers that do not exist as –} */
  @Override
  public String toString() {
    StringBuilder table =
        new StringBuilder("| detector | accuracy | found | false | MTD | MTFA | MDR | MTR"
            + " | as often, evenly: accuracy | found | false |\n"
            + "|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (Line line : lines) {
      AlarmScore score = line.score;
      table.append(String.format(
          Locale.ROOT,
          "| %s | %s | %d of %d | %d | %s | %s | %.2f | %s | %s | %.1f | %.1f |\n",
          line.name,
          number(line.accuracy, 100),
          score.found(),
          score.changes(),
          score.falseAlarms(),
          number(score.mtd(), 1),
          number(score.mtfa(), 1),
          score.mdr(),
          number(score.mtr(), 1),
          number(line.periodic.accuracy, 100),
          line.periodic.found(),
          line.periodic.falseAlarms()));
    }
    return table.toString();
  }

  private static String number(OptionalDouble value, double times) {
    return value.isPresent()
        ? String.format(Locale.ROOT, times == 1 ? "%.1f" : "%.2f", times * value.getAsDouble())
        : "–";
  }
}
