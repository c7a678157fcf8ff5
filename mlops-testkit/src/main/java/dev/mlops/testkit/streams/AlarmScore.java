package dev.mlops.testkit.streams;

import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/**
 * How well some alarms fit changes whose positions are known.
 *
 * <p>The rule: an alarm belongs to the change at c if it is in c − early to c + late, both included. The first of them finds
 * the change (a true positive), after a delay of max(0, alarm − c) inputs. Every other alarm is false, also a second one of
 * the same change.
 *
 * <ul>
 *   <li>MTFA, mean time between false alarms: the mean gap from one false alarm to the next; empty if there are fewer than two
 *   <li>MTD, mean time to detection: the mean delay of the changes that were found; empty if none was
 *   <li>MDR, missed detection ratio: changes not found / changes; 0 if there are no changes
 *   <li>MTR, mean time ratio: MTFA / MTD · (1 − MDR); empty if MTFA or MTD is, or MTD is 0
 * </ul>
 *
 * <p>Immutable.
 *
 * @param changes how many changes there were
 * @param found how many of them were found: true positives
 * @param falseAlarms how many alarms found nothing: false positives
 * @param mtfa mean gap between false alarms, in inputs
 * @param mtd mean delay of what was found, in inputs
 * @param window what the rule's {@code late} was, in inputs
 * @see <a href="https://doi.org/10.1007/978-3-319-71246-8_53">Bifet (2017), Classifier concept drift detection and the
 *     illusion of progress</a>, for MTFA, MTD, MDR and MTR
 * @since 0.1
 */
public record AlarmScore(
    int changes, int found, int falseAlarms, OptionalDouble mtfa, OptionalDouble mtd, int window) {
  /**
   * Which alarms belong to a change.
   *
   * <p>Immutable.
   *
   * @param early how many inputs before the change an alarm may come, as in a gradual one; at least 0
   * @param late how many inputs after it; at least 0
   * @since 0.1
   */
  public record Acceptance(int early, int late) {
    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one is negative
     */
    public Acceptance {
      ValueStream.requireAtLeast("early", early, 0);
      ValueStream.requireAtLeast("late", late, 0);
    }
  }

  /**
   * {@return the score of alarms}
   *
   * @param alarms positions, ascending
   * @param changes positions, ascending, further apart than {@code early + late}
   * @param acceptance which alarms belong to a change
   * @throws IllegalArgumentException if positions are not ascending, or an alarm could belong to two changes
   */
  public static AlarmScore of(List<Integer> alarms, List<Integer> changes, Acceptance acceptance) {
    requireAscending("alarms", alarms, 0);
    requireAscending("changes", changes, acceptance.early + acceptance.late);
    int[] falses = new int[alarms.size()];
    int wrong = 0;
    int found = 0;
    long delays = 0;
    int next = 0; // the first change that is not over yet
    boolean missed = true; // whether that one is not found yet
    for (int alarm : alarms) {
      while (next < changes.size() && alarm > changes.get(next) + acceptance.late) {
        next++;
        missed = true;
      }
      if (next < changes.size() && missed && alarm >= changes.get(next) - acceptance.early) {
        missed = false;
        found++;
        delays += Math.max(0, alarm - changes.get(next));
      } else {
        falses[wrong++] = alarm;
      }
    }
    return new AlarmScore(
        changes.size(),
        found,
        wrong,
        wrong < 2
            ? OptionalDouble.empty()
            : OptionalDouble.of((falses[wrong - 1] - falses[0]) / (double) (wrong - 1)),
        found == 0 ? OptionalDouble.empty() : OptionalDouble.of(delays / (double) found),
        acceptance.late);
  }

  private static void requireAscending(String what, List<Integer> positions, int apart) {
    for (int i = 1; i < positions.size(); i++) {
      if (positions.get(i) - positions.get(i - 1) <= apart) {
        throw new IllegalArgumentException(what + " must be ascending and more than " + apart
            + " apart, but " + positions.get(i) + " follows " + positions.get(i - 1));
      }
    }
  }

  /**
   * {@return MDR: the share of changes that were missed, 0 to 1}
   */
  public double mdr() {
    return changes == 0 ? 0 : (changes - found) / (double) changes;
  }

  /**
   * {@return MTR: MTFA / MTD · (1 − MDR)}
   */
  public OptionalDouble mtr() {
    return mtfa.isEmpty() || mtd.isEmpty() || mtd.getAsDouble() == 0
        ? OptionalDouble.empty()
        : OptionalDouble.of(mtfa.getAsDouble() / mtd.getAsDouble() * (1 - mdr()));
  }

  /**
   * {@return the mean delay of all changes, one that was missed counting {@code late}; empty if there were none}
   */
  public OptionalDouble meanDelay() {
    return changes == 0
        ? OptionalDouble.empty()
        : OptionalDouble.of(
            (found * mtd.orElse(0) + (changes - found) * (double) window) / changes);
  }

  /** {@return such as {@code found 3 of 4, 1 false, mean delay 61.0}} */
  @Override
  public String toString() {
    return "found " + found + " of " + changes + ", " + falseAlarms + " false"
        + (mtd.isPresent()
            ? String.format(Locale.ROOT, ", mean delay %.1f", mtd.getAsDouble())
            : "");
  }

  /** The positions of k alarms, length / k apart, the first after this share of the distance. */
  static List<Integer> periodic(int alarms, int length, double phase) {
    return IntStream.range(0, alarms)
        .map(i -> (int) ((i + phase) * length / alarms))
        .boxed()
        .toList();
  }
}
