package dev.mlops.core.loop;

import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import java.util.HashSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BiPredicate;

/** Signals of evidence that outlive the candidate that was judged when they came. */
final class Signalled {
  private Signalled() {}

  /**
   * Whether a reading has a signal that a candidate does not answer: of a change at a position or later, or, where a signal
   * has no position, of a watch that had none when the candidate was begun.
   */
  private static boolean unanswered(
      Watch watch, DriftReading reading, long position, Set<Watch> answered) {
    return reading.signal().isPresent()
        && (reading.changePosition().isPresent()
            ? reading.changePosition().getAsLong() >= position
            : !answered.contains(watch));
  }

  /** The watches of the champion that have a signal. */
  static Set<Watch> watches(Evidence now) {
    Set<Watch> signalled = new HashSet<>();
    now.champion()
        .ifPresent(section -> section.drift().forEach((watch, reading) -> {
          if (reading.signal().isPresent()) {
            signalled.add(watch);
          }
        }));
    return signalled;
  }

  /**
   * {@return the evidence with the signals that a candidate does not answer, and no others; empty if there are none}
   *
   * @param now what is known beside the candidate
   * @param position after the newest outcome that the candidate knows
   * @param answered the watches that had a signal when it was begun
   */
  static Optional<Evidence> unanswered(Evidence now, long position, Set<Watch> answered) {
    boolean any = now.champion().stream()
        .flatMap(section -> section.drift().entrySet().stream())
        .anyMatch(each -> unanswered(each.getKey(), each.getValue(), position, answered));
    return any
        ? Optional.of(copy(
            now,
            now,
            (watch, reading) ->
                reading.signal().isEmpty() || unanswered(watch, reading, position, answered)))
        : Optional.empty();
  }

  /** Evidence of an earlier time as of now. */
  static Evidence at(Evidence then, Evidence now) {
    return copy(then, now, (watch, reading) -> true);
  }

  /** The evidence with its signals of the champion moved to a change. */
  static Evidence changedAt(Evidence now, long position) {
    return copy(now, now, (watch, reading) -> true, OptionalLong.of(position));
  }

  private static Evidence copy(Evidence then, Evidence now, BiPredicate<Watch, DriftReading> kept) {
    return copy(then, now, kept, OptionalLong.empty());
  }

  private static Evidence copy(
      Evidence then, Evidence now, BiPredicate<Watch, DriftReading> kept, OptionalLong change) {
    Evidence.Builder copy =
        Evidence.builder(then.model(), now.at()).matured(now.matured()).position(now.position());
    copy.truths(then.truths());
    then.others().forEach(copy::other);
    then.champion().ifPresent(section -> copy.champion(copy(section, kept, change)));
    return copy.build();
  }

  private static DriftReading moved(DriftReading reading, long position) {
    if (reading.signal().isEmpty()) {
      return reading;
    }
    DriftReading.Builder moved = DriftReading.builder(reading.level())
        .inputs(reading.inputs())
        .note(reading.note())
        .signal(reading.signal().get())
        .changePosition(position);
    reading.limit().ifPresent(moved::limit);
    return moved.build();
  }

  private static VersionEvidence copy(
      VersionEvidence section, BiPredicate<Watch, DriftReading> kept, OptionalLong change) {
    VersionEvidence.Builder copy = section.toBuilder().noDrift();
    section.drift().forEach((watch, reading) -> {
      if (kept.test(watch, reading)) {
        copy.drift(watch, change.isPresent() ? moved(reading, change.getAsLong()) : reading);
      }
    });
    return copy.build();
  }
}
