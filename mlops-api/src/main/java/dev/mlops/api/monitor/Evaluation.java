package dev.mlops.api.monitor;

import dev.mlops.api.drift.ColumnShift;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Figures;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Names;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Latency;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/** Answers what an expression asks. */
final class Evaluation {
  private final Expression asked;
  private final Evidence evidence;

  private Evaluation(Expression asked, Evidence evidence) {
    this.asked = asked;
    this.evidence = evidence;
  }

  static Finding of(Expression asked, Evidence evidence) {
    return new Evaluation(asked, evidence).finding();
  }

  private Finding finding() {
    if (asked.watch().isPresent()) {
      return asked.quantity().equals(Expression.Quantity.MOVED_COLUMNS)
          ? moved(asked.watch().get())
          : watched(asked.watch().get());
    }
    if (asked.quantity().within().isPresent()) {
      return timely(asked.quantity().within().get());
    }
    if (asked.segment().isPresent()) {
      return SegmentEvaluation.of(asked, asked.segment().get(), evidence);
    }
    if (asked.quantity().fault().isPresent()) {
      return share(
          asked.quantity().column().orElseThrow(), asked.quantity().fault().get());
    }
    Optional<Metric> metric = asked.quantity().metric();
    return switch (asked.comparison()) {
      case NO_WORSE_THAN_BASELINE -> noWorseThanBaseline(metric.orElseThrow());
      case NO_WORSE_AT_ANY_LOOK -> noWorseAtAnyLook(metric.orElseThrow());
      case NO_WORSE_THAN_CHAMPION ->
        metric.isPresent() ? noWorseThanChampion(metric.get()) : latencyBesideChampion();
      case AT_LEAST ->
        metric.isPresent() ? compare(metric.get(), limit(), "wanted at least") : freshTruths();
      case AT_MOST ->
        metric.isPresent()
            ? compare(metric.get(), limit(), "wanted at most")
            : asked.quantity().equals(Expression.Quantity.FAILURES)
                ? failures()
                : asked.quantity().quantile().isPresent() ? latency() : age();
      case REPRODUCED ->
        evidence.examples().orElse(Finding.inconclusive("no candidate is being judged"));
      case NONE_OF -> activity();
      case UNMOVED -> throw new IllegalStateException("nothing is watched for " + asked);
    };
  }

  private double limit() {
    return asked.limit().orElseThrow();
  }

  private Finding.Builder builder(Verdict verdict, String text) {
    return Finding.builder(verdict, text).quantity(asked.quantity().name());
  }

  private Finding inconclusive(String text) {
    return builder(Verdict.INCONCLUSIVE, text).build();
  }

  private Finding share(String column, ColumnEvidence.Fault fault) {
    if (evidence.champion().isEmpty()) {
      return inconclusive("nothing recorded yet");
    }
    VersionEvidence champion = evidence.champion().get();
    ColumnEvidence known = champion.columns().get(column);
    if (known == null) {
      return inconclusive(
          champion.columns().isEmpty()
              ? "no values of columns are known yet"
              : "no column \"" + MlopsException.shown(column) + "\" among those that are known"
                  + Names.nearest(column, champion.columns().keySet())
                      .map(near -> "; is \"" + MlopsException.shown(near) + "\" meant?")
                      .orElse(""));
    }
    return known
        .share(fault)
        .map(now -> compare(asked, asked.quantity().name(), false, now, limit(), Estimate.TO_99))
        .orElseGet(() -> inconclusive("the baseline does not tell which values of column \""
            + MlopsException.shown(column) + "\" are " + fault.tag()));
  }

  /**
   * Holds a measured value against a limit.
   *
   * @param asked says how many rows are enough
   * @param what is measured, for people
   * @param higherIsBetter whether the limit is from below
   * @param now what was measured
   * @param allowed the limit
   * @param wider half-width of the interval that must be beyond the limit, over that of the 95 % interval
   */
  static Finding compare(
      Expression asked,
      String what,
      boolean higherIsBetter,
      Estimate now,
      double allowed,
      double wider) {
    List<String> shown = Figures.apart(now.value(), allowed);
    String text = what + " " + Figures.plusMinus(shown.get(0), (now.upper() - now.lower()) / 2)
        + " (n " + now.n() + "), wanted " + (higherIsBetter ? "at least " : "at most ")
        + shown.get(1);
    double best = higherIsBetter
        ? now.value() + (now.upper() - now.value()) * wider
        : now.value() - (now.value() - now.lower()) * wider;
    boolean beyond = higherIsBetter ? best < allowed : best > allowed;
    boolean within = higherIsBetter ? now.value() >= allowed : now.value() <= allowed;
    boolean enough = now.n() >= asked.fewest();
    Verdict verdict = !enough
        ? Verdict.INCONCLUSIVE
        : beyond ? Verdict.FAIL : within ? Verdict.PASS : Verdict.INCONCLUSIVE;
    return Finding.builder(
            verdict, enough ? text : text + ", wanted " + asked.fewest() + " rows that count")
        .quantity(asked.quantity().name())
        .estimate(now)
        .limit(allowed)
        .build();
  }

  private Finding noWorseThanBaseline(Metric metric) {
    Optional<Estimate> baseline =
        evidence.judged().flatMap(VersionEvidence::baseline).flatMap(test -> test.quality(metric));
    if (baseline.isEmpty()) {
      return inconclusive("no " + metric + " in the baseline" + unseenPositive());
    }
    double measured = judged(metric, baseline.get()).value();
    double allowed = metric.higherIsBetter() ? measured - limit() : measured + limit();
    return compare(metric, allowed, "baseline %s allows", measured);
  }

  /** Why there may be no recall: a positive label that is misspelt. */
  private String unseenPositive() {
    return evidence
        .judged()
        .flatMap(VersionEvidence::baseline)
        .flatMap(Baseline::unseenPositive)
        .map(unseen -> ": " + unseen)
        .orElse("");
  }

  /** Holds live quality against what is allowed; {@code origin} says where that comes from, with the numbers in it. */
  private Finding compare(Metric metric, double allowed, String origin, double... numbers) {
    Optional<Window> window = asked.window();
    Optional<Estimate> live = evidence
        .judged()
        .flatMap(section ->
            window.isPresent() ? section.quality(window.get(), metric) : section.quality(metric));
    if (live.isEmpty()) {
      return inconclusive("no " + metric + window.map(over -> " over " + over).orElse("") + " yet"
          + window
              .filter(over -> evidence
                  .judged()
                  .filter(section -> !section.windows().contains(over))
                  .isPresent())
              .map(over -> ": it is not measured; name the condition in MonitorFactory.watching")
              .orElse("")
          + unseenPositive());
    }
    Estimate now = judged(metric, live.get());
    double half = (now.upper() - now.lower()) / 2;
    double[] all = new double[numbers.length + 2];
    all[0] = now.value();
    all[1] = allowed;
    System.arraycopy(numbers, 0, all, 2, numbers.length);
    List<String> shown = Figures.apart(all);
    String text = metric + " " + Figures.plusMinus(shown.get(0), half)
        + window.map(over -> " " + over).orElse("") + " (n " + now.n() + "), "
        + (numbers.length == 0 ? origin : origin.replace("%s", shown.get(2)))
        + " " + shown.get(1);
    if (now.n() < asked.fewest()) {
      return compared(
          Verdict.INCONCLUSIVE, text + ", wanted " + asked.fewest() + " truths", now, allowed);
    }
    double best = metric.higherIsBetter()
        ? now.value() + (now.upper() - now.value()) * Estimate.TO_99
        : now.value() - (now.value() - now.lower()) * Estimate.TO_99;
    boolean beyond = metric.higherIsBetter() ? best < allowed : best > allowed;
    boolean within = metric.higherIsBetter() ? now.value() >= allowed : now.value() <= allowed;
    return compared(
        beyond ? Verdict.FAIL : within ? Verdict.PASS : Verdict.INCONCLUSIVE, text, now, allowed);
  }

  /** Of a signed metric its magnitude: it is best at 0. */
  private static Estimate judged(Metric metric, Estimate measured) {
    return metric.isSigned() ? measured.magnitude() : measured;
  }

  private Finding compared(Verdict verdict, String text, Estimate now, double limit) {
    Finding.Builder builder = builder(verdict, text).estimate(now);
    return (Double.isFinite(limit) ? builder.limit(limit) : builder).build();
  }

  /** What was shown of the champion since its release. */
  private Finding noWorseAtAnyLook(Metric metric) {
    if (evidence.champion().isEmpty()) {
      return inconclusive("nothing recorded yet");
    }
    Optional<BaselineComparison> found = evidence.champion().get().besideBaseline(metric, limit());
    if (found.isEmpty()) {
      return inconclusive("the monitor does not compare " + metric + " with its baseline by "
          + Figures.exact(limit()) + "; name the condition in MonitorFactory.watching");
    }
    BaselineComparison beside = found.get();
    Verdict verdict = switch (beside.standing()) {
      case NOT_WORSE -> Verdict.PASS;
      case WORSE -> Verdict.FAIL;
      case INCONCLUSIVE -> Verdict.INCONCLUSIVE;
    };
    Finding.Builder builder = builder(verdict, beside.toString());
    beside.live().ifPresent(builder::estimate);
    beside.limit().ifPresent(builder::limit);
    return builder.n(beside.n()).build();
  }

  private Finding noWorseThanChampion(Metric metric) {
    Optional<Estimate> compared = evidence.comparison(metric);
    if (compared.isEmpty()) {
      return inconclusive(
          "no " + metric + " of candidate and champion on the same rows" + unseenPositive());
    }
    Estimate difference = compared.get();
    double gain = metric.higherIsBetter() ? difference.lower() : -difference.upper();
    double most = metric.higherIsBetter() ? difference.upper() : -difference.lower();
    double margin = limit();
    double bound = metric.higherIsBetter() ? -margin : margin;
    List<String> shown =
        Figures.apart(difference.value(), difference.lower(), difference.upper(), bound, margin);
    String text = metric + " of the candidate minus the champion's "
        + signed(difference.value(), shown.get(0)) + ", interval "
        + signed(difference.lower(), shown.get(1)) + " to "
        + signed(difference.upper(), shown.get(2)) + " on " + difference.n() + " rows, margin "
        + shown.get(4);
    return compared(
        gain >= -margin ? Verdict.PASS : most < -margin ? Verdict.FAIL : Verdict.INCONCLUSIVE,
        text,
        difference,
        bound);
  }

  private static String signed(double value, String shown) {
    return value < 0 ? shown : "+" + shown;
  }

  private Finding latency() {
    Optional<Latency> measured = evidence.judged().flatMap(VersionEvidence::latency);
    if (measured.isEmpty()) {
      return inconclusive("no latency yet");
    }
    Latency latency = measured.get();
    Duration took =
        asked.quantity().quantile().orElseThrow() == 0.5 ? latency.p50() : latency.p99();
    Duration limit = asked.time().orElseThrow();
    List<String> shown = Figures.apart(millis(took), millis(limit));
    String text = asked.quantity() + " " + shown.get(0) + " ms (n " + latency.n() + "), limit "
        + shown.get(1) + " ms";
    boolean enough = latency.n() >= asked.fewest();
    Verdict verdict =
        !enough ? Verdict.INCONCLUSIVE : took.compareTo(limit) > 0 ? Verdict.FAIL : Verdict.PASS;
    if (verdict == Verdict.FAIL) {
      text += whereToLook(evidence.judged());
    }
    return builder(verdict, enough ? text : text + ", wanted " + asked.fewest() + " predictions")
        .value(millis(took) / 1e3)
        .limit(limit())
        .n(latency.n())
        .build();
  }

  /** Where a rollout, or the retraining, is. */
  private Finding activity() {
    boolean ofRollout = asked.quantity().equals(Expression.Quantity.ROLLOUT);
    Optional<Activity> known = ofRollout ? evidence.rollout() : evidence.retraining();
    if (known.isEmpty()) {
      return inconclusive(
          ofRollout
              ? "no rollout is told of: take the evidence of a deployment that leads its rollouts"
              : "no retraining is told of: take the evidence of a maintenance loop at work");
    }
    Activity.State state = known.get().state();
    return builder(
            asked.states().contains(state) ? Verdict.FAIL : Verdict.PASS,
            asked.quantity() + " " + known.get() + ", wanted none of " + asked.states())
        .value((double) state.code())
        .build();
  }

  /** Which share of the predictions was made in time. */
  private Finding timely(Duration limit) {
    Optional<ResponseTimes> times = evidence.judged().flatMap(VersionEvidence::responseTimes);
    Optional<Window> window = asked.window();
    Optional<Estimate> share = times.flatMap(
        known -> window.isPresent() ? known.within(window.get(), limit) : known.within(limit));
    String what = asked.quantity() + window.map(over -> " " + over).orElse("");
    return share
        .map(now -> compare(asked, what, true, now, limit(), Estimate.TO_99))
        .orElseGet(() -> inconclusive("no share of predictions " + what
            + " is known: nothing was recorded in that time, or the monitor does not count it; name"
            + " the condition in MonitorFactory.watching"));
  }

  /** Which share of the columns moved. */
  private Finding moved(Watch watch) {
    Finding found = watched(watch);
    if (found.verdict() == Verdict.INCONCLUSIVE) {
      return found;
    }
    VersionEvidence champion = evidence.champion().orElseThrow();
    if (champion.baseline().isEmpty()) {
      return inconclusive("no baseline tells how many columns are watched");
    }
    int watched = watch.columns(champion.baseline().get().schema()).size();
    List<ColumnShift> shifts =
        champion.drift(watch).flatMap(DriftReading::signal).map(Signal::moved).orElse(List.of());
    double share =
        champion.drift(watch).map(reading -> reading.movedShare(watched)).orElse(0.0);
    List<String> shown = Figures.apart(share, limit());
    return builder(
            share > limit() ? Verdict.FAIL : Verdict.PASS,
            "share of moved columns " + shown.get(0) + " (" + shifts.size() + " of " + watched
                + "), limit " + shown.get(1))
        .value(share)
        .limit(limit())
        .n(found.n().orElse(0))
        .build();
  }

  /** How old the champion, or the newest tick, is. */
  private Finding age(String what, Optional<Duration> age) {
    if (age.isEmpty()) {
      return inconclusive("how long ago " + what + " was is not known");
    }
    Duration limit = asked.time().orElseThrow();
    return builder(
            age.get().compareTo(limit) > 0 ? Verdict.FAIL : Verdict.PASS,
            what + " " + MlopsException.shown(age.get().truncatedTo(ChronoUnit.MILLIS))
                + " ago, limit " + MlopsException.shown(limit))
        .value(millis(age.get()) / 1e3)
        .limit(limit())
        .build();
  }

  /** Whether truths, or predictions, still come; how old the model is. */
  private Finding age() {
    if (asked.quantity().equals(Expression.Quantity.MODEL_AGE)) {
      return age("the publishing of the champion", evidence.modelAge());
    }
    if (asked.quantity().equals(Expression.Quantity.TICK_AGE)) {
      return age("the newest tick", evidence.tickAge());
    }
    Optional<VersionEvidence> section = evidence.champion();
    if (section.isEmpty()) {
      return inconclusive("nothing recorded yet");
    }
    boolean ofTruth = asked.quantity().equals(Expression.Quantity.TRUTH_AGE);
    VersionEvidence known = section.get();
    Optional<Duration> age = ofTruth ? known.truthAge() : known.predictionAge();
    String what = ofTruth ? "newest truth " : "newest prediction ";
    if (ofTruth) {
      if (known.waiting() == 0) {
        return known.recorded() == 0
            ? inconclusive("no prediction yet that a truth could come for")
            : builder(Verdict.PASS, "no prediction waits for its truth")
                .limit(limit())
                .build();
      }
      if (age.isEmpty()) {
        age = known.servingFor();
        what = "no truth since the first prediction ";
      }
    }
    if (age.isEmpty()) {
      return inconclusive(
          ofTruth
              ? "when predictions began is not known"
              : "no prediction yet, or none is told of");
    }
    Duration limit = asked.time().orElseThrow();
    String text = what + MlopsException.shown(age.get()) + " ago, limit "
        + MlopsException.shown(limit)
        + (ofTruth ? "; " + known.waiting() + " predictions wait" : "");
    return builder(age.get().compareTo(limit) > 0 ? Verdict.FAIL : Verdict.PASS, text)
        .value(millis(age.get()) / 1e3)
        .limit(limit())
        .build();
  }

  private Finding latencyBesideChampion() {
    Optional<Latency> ours = evidence.candidate().flatMap(VersionEvidence::latency);
    Optional<Latency> theirs = evidence.champion().flatMap(VersionEvidence::latency);
    if (ours.isEmpty() || theirs.isEmpty()) {
      return inconclusive("no latency of candidate and champion");
    }
    boolean median = asked.quantity().quantile().orElseThrow() == 0.5;
    double took = millis(median ? ours.get().p50() : ours.get().p99());
    double champion = millis(median ? theirs.get().p50() : theirs.get().p99());
    long n = Math.min(ours.get().n(), theirs.get().n());
    List<String> shown = Figures.apart(took, champion, limit() * champion);
    String text = asked.quantity() + " of the candidate " + shown.get(0) + " ms (n "
        + ours.get().n() + "), champion " + shown.get(1) + " ms (n "
        + theirs.get().n()
        + ") allows " + shown.get(2) + " ms";
    boolean enough = n >= asked.fewest();
    Verdict verdict =
        !enough ? Verdict.INCONCLUSIVE : took > limit() * champion ? Verdict.FAIL : Verdict.PASS;
    return builder(
            verdict, enough ? text : text + ", wanted " + asked.fewest() + " predictions of each")
        .value(took / 1e3)
        .limit(limit() * champion / 1e3)
        .n(n)
        .build();
  }

  private Finding failures() {
    Optional<VersionEvidence> section = evidence.judged();
    long failed = section.map(VersionEvidence::failures).orElse(0L);
    long calls = failed + section.map(VersionEvidence::offered).orElse(0L);
    if (calls == 0) {
      return inconclusive("no calls yet");
    }
    double share = (double) failed / calls;
    List<String> shown = Figures.apart(share, limit());
    String text = "share of failures " + shown.get(0) + " (" + failed + " of " + calls
        + " calls), limit " + shown.get(1)
        + section
            .flatMap(VersionEvidence::firstFailure)
            .map(first -> ", the first gave " + first)
            .orElse("");
    Verdict verdict = Estimate.leastShare(failed, calls) > limit()
        ? Verdict.FAIL
        : share <= limit() && calls >= asked.fewest() ? Verdict.PASS : Verdict.INCONCLUSIVE;
    return builder(
            verdict,
            verdict == Verdict.INCONCLUSIVE && calls < asked.fewest()
                ? text + ", wanted " + asked.fewest() + " calls"
                : text)
        .value(share)
        .limit(limit())
        .n(calls)
        .build();
  }

  /** What grew with the latency, if anything did. */
  private static String whereToLook(Optional<VersionEvidence> section) {
    return section
        .flatMap(VersionEvidence::responseTimes)
        .flatMap(ResponseTimes::growth)
        .map(growth -> "; slower: " + growth)
        .orElse("");
  }

  private static double millis(Duration time) {
    return time.toSeconds() * 1e3 + time.toNanosPart() / 1e6;
  }

  private Finding freshTruths() {
    if (evidence.champion().isEmpty()) {
      return inconclusive("nothing recorded yet");
    }
    long matured = evidence.champion().get().matured();
    long wanted = (long) limit();
    return builder(
            matured >= wanted ? Verdict.PASS : Verdict.FAIL,
            "fresh truths " + matured + ", wanted " + wanted)
        .value((double) matured)
        .limit((double) wanted)
        .n(matured)
        .build();
  }

  private Finding watched(Watch watch) {
    watch.checked();
    if (evidence.champion().isEmpty()) {
      return inconclusive("nothing recorded yet");
    }
    Optional<DriftReading> found = evidence.champion().get().drift(watch);
    if (found.isEmpty()) {
      return inconclusive("the monitor does not watch " + watch + "; name it in MonitorFactory."
          + (watch.detector().isPresent() ? "watching(Watch, DetectorFactory)" : "watching"));
    }
    DriftReading reading = found.get();
    boolean enough = reading.inputs() >= asked.fewest() && reading.level() != Level.WARMING_UP;
    Verdict verdict =
        reading.signal().isPresent() ? Verdict.FAIL : enough ? Verdict.PASS : Verdict.INCONCLUSIVE;
    String text = reading.toString();
    if (reading.signal().isEmpty() && reading.inputs() < asked.fewest()) {
      text += ", wanted " + asked.fewest() + " inputs";
    }
    if (watch.input() == Watch.Input.LATENCY && verdict == Verdict.FAIL) {
      text += whereToLook(evidence.champion());
    }
    Finding.Builder builder = builder(verdict, text).n(reading.inputs());
    reading.limit().ifPresent(builder::limit);
    reading.changePosition().ifPresent(builder::changePosition);
    return builder.build();
  }
}
