package dev.mlops.core.optimise;

import dev.mlops.api.model.Beta;
import dev.mlops.api.monitor.Finding;
import dev.mlops.drift.slice.Slice;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What is the matter with a champion, what helps at the lowest cost, and the numbers that say so.
 *
 * <p>Immutable.
 *
 * @param rung what helps
 * @param reading what is the matter
 * @param findings what was looked at, in the order in which it was: PASS where it is as it should be, FAIL where not
 * @param slice the part of the rows that is worse than the rest, if that is the matter
 * @since 0.1
 */
@Beta
public record Diagnosis(Rung rung, Reading reading, List<Finding> findings, Optional<Slice> slice) {
  /** Copies the findings. */
  public Diagnosis {
    findings = List.copyOf(findings);
  }

  /**
   * What may be done, the cheapest first.
   *
   * @since 0.1
   */
  @Beta
  public enum Rung {
    /** Nothing but a note. */
    RECORD,
    /** Fit a calibration to matured truths; the weights stay. */
    RECALIBRATE,
    /** Another decision threshold; the weights stay. */
    MOVE_THRESHOLD,
    /** Train again with the same settings. */
    RETRAIN,
    /** Teach a model that learns row by row, and serve its snapshots. */
    ADAPT,
    /** Search settings of the same family. */
    RETUNE,
    /** Search a faster model of about the same quality. */
    FASTER,
    /** Search other families. */
    CHANGE_FAMILY,
    /** People must think of other inputs or another target. */
    REDESIGN
  }

  /**
   * What is the matter.
   *
   * @since 0.1
   */
  @Beta
  public enum Reading {
    /** Too few outcomes have matured to tell. */
    TOO_LITTLE("too few outcomes to tell"),
    /** Nothing that is looked at is worse than in the test phase. */
    NOTHING("nothing is worse than in the test phase"),
    /** The inputs moved and the answers are as good as ever. */
    BENIGN_SHIFT("benign shift: inputs moved, quality intact"),
    /** Labels are more or less common than they were; the order of the scores is intact. */
    PRIOR_SHIFT("prior shift: calibration worse, ranking intact"),
    /** Another threshold would cost less. */
    DECISION_COST("the threshold costs more than it must"),
    /** The answers are good and late. */
    SLOW("p99 above its limit, quality intact"),
    /** The answers are good and late, and it is not the model that takes the time. */
    SLOW_AROUND_THE_MODEL(
        "p99 above its limit, most of the time not in the model: a faster one helps little"),
    /** One part of the rows is worse than the rest. */
    BAD_SLICE("quality down on one slice: a gap in the training data"),
    /** The same inputs mean something else. */
    CONCEPT_CHANGE("quality down everywhere: concept change"),
    /** Concepts change faster than champions do. */
    FAST_CONCEPT("many changes in the life of one champion: fast concept"),
    /** Far better on the rows of its training than on those that came. */
    OVERFIT("large gap between training and live quality: overfit or leakage"),
    /** Retraining with these settings does not help. */
    OBSOLETE_SETTINGS("what was tried did not win: settings obsolete"),
    /** Retraining and tuning this family does not help. */
    OBSOLETE_FAMILY("what was tried in this family did not win: family obsolete"),
    /** Nothing that the ladder has helps. */
    LOST_SIGNAL("nothing that was tried won: signal missing");

    private final String text;

    Reading(String text) {
      this.text = text;
    }

    /** {@return such as {@code prior shift: calibration worse, ranking intact}} */
    @Override
    public String toString() {
      return text;
    }
  }

  /** {@return the rung, what is the matter, and each finding, a line each} */
  @Override
  public String toString() {
    return rung + ": " + reading
        + findings.stream()
            .map(finding -> "\n  " + finding.verdict() + ": " + finding.text())
            .collect(Collectors.joining())
        + slice.map(worst -> "\n  slice: " + worst).orElse("");
  }
}
