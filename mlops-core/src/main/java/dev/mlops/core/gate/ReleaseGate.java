package dev.mlops.core.gate;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Texts;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.Expression;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Segment;
import dev.mlops.api.monitor.Segmentation;
import dev.mlops.api.monitor.SegmentationEvidence;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.store.Reference;
import dev.mlops.core.gate.GateReport.Measure;
import dev.mlops.core.gate.GateReport.Result;
import dev.mlops.core.internal.guard.Answers;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a candidate must meet before it comes near traffic.
 *
 * <pre>{@code
 * GateReport report = ReleaseGate.of(goldenExamples(), environment(), quality("recall").noWorseThanChampion(0.01),
 *         latency().p99AtMost(Duration.ofMillis(5)), direction("income").neverLowers("good"), poisonRows())
 *     .on(holdout)
 *     .judge(store.open(candidate), deployment);
 * }</pre>
 *
 * <p>A criterion is a {@link Condition} of {@link dev.mlops.api.monitor.Signals}, one of {@link Criteria}, or the host's own. All are
 * judged, none stops another, and the report lists all. A criterion that throws, an {@link Error} too, or answers null is
 * INCONCLUSIVE. What the candidate throws is held against it and reaches nobody.
 *
 * <p>The gate FAILs when a criterion FAILs, when the package gives no model, or when the candidate gave no usable answer to a row held
 * back. It PASSes when all criteria PASS. Otherwise it is INCONCLUSIVE: absence of evidence is never PASS.
 *
 * <p>Immutable and thread-safe.
 *
 * @since 0.1
 */
public final class ReleaseGate implements EvidenceReader {
  private final List<Condition> criteria;
  private final List<Segmentation> given;

  private ReleaseGate(List<Condition> criteria, List<Segmentation> given) {
    this.criteria = criteria;
    this.given = given;
  }

  /**
   * {@return a gate}
   *
   * @param criteria at least one
   * @throws IllegalArgumentException if there is none: a gate that asks nothing would let everything through; or if one is asked
   *     over a window: a candidate has answered held-back rows only, and no monitor has a window of it
   */
  public static ReleaseGate of(Condition... criteria) {
    if (criteria.length == 0) {
      throw new IllegalArgumentException("a gate must have at least one criterion, but had none");
    }
    for (Condition criterion : criteria) {
      expression(criterion).flatMap(Expression::window).ifPresent(window -> {
        throw new IllegalArgumentException("a release gate can never pass " + criterion
            + ": wanted a criterion about the rows held"
            + " back, got one over " + window + ", and a candidate that serves nobody has no"
            + " windows; leave out over(…), or ask it of a rollout; no gate was made");
      });
    }
    return new ReleaseGate(List.of(criteria), List.of());
  }

  /**
   * {@return the same gate, with how rows are divided for criteria about segments}
   *
   * <p>A name that is not among these divides by the column of that name.
   *
   * @param divisions such as {@code Segmentation.of("age_band", row -> …)}
   */
  public ReleaseGate dividing(Segmentation... divisions) {
    return new ReleaseGate(criteria, List.of(divisions));
  }

  /**
   * {@return how rows are divided for the criteria about segments; what they name has a segment of its own}
   */
  public Set<Segmentation> divisions() {
    Set<Segmentation> all = new LinkedHashSet<>();
    for (String name : segmentations()) {
      Segmentation division = given.stream()
          .filter(each -> each.name().equals(name))
          .findFirst()
          .orElseGet(() -> Segmentation.column(name));
      String[] named = expressions().stream()
          .flatMap(asks -> asks.segment().stream())
          .filter(segment -> segment.segmentation().equals(name))
          .flatMap(segment -> segment.value().stream())
          .filter(value -> !value.equals(Segmentation.OTHER) && !value.equals(Segmentation.MISSING))
          .distinct()
          .limit(division.most())
          .toArray(String[]::new);
      try {
        all.add(division.naming(named));
      } catch (IllegalArgumentException e) { // the host's division has no room for more names
        all.add(division);
      }
    }
    return all;
  }

  /**
   * {@return this gate, about to judge on rows}
   *
   * @param holdout rows that the candidate was not trained on, with their truths; at least one, all of one schema
   * @throws IllegalArgumentException if there is none, or a criterion is about a column that they do not have; the message names the
   *     nearest one
   */
  public GateRun on(List<Labelled<Row>> holdout) {
    if (holdout.isEmpty()) {
      throw new IllegalArgumentException("a gate must judge on at least one row, but got none");
    }
    for (Condition criterion : criteria) {
      if (criterion instanceof BuiltIn builtIn) {
        builtIn.requireFits(holdout.get(0).input().schema());
      }
    }
    return new GateRun(this, List.copyOf(holdout));
  }

  /**
   * {@return what the gate comes to by evidence alone; criteria that take the candidate itself are INCONCLUSIVE}
   *
   * @param evidence such as of {@link Trial}, or built by hand
   */
  public Finding judge(Evidence evidence) {
    List<Result> results = new ArrayList<>();
    answers(evidence).ifPresent(results::add);
    for (Condition criterion : criteria) {
      results.add(result(criterion, asked(criterion, evidence), false));
    }
    return summary(results);
  }

  private static Finding summary(List<Result> results) {
    GateReport.Builder report =
        new GateReport.Builder("summary", Digest.of(new byte[0]), Instant.EPOCH);
    results.forEach(report::result);
    return report.build().finding();
  }

  /**
   * What a gate came to.
   *
   * <p>Immutable.
   *
   * @param report of the whole gate
   * @param undecided the criteria that were INCONCLUSIVE: what a rollout has still to show
   * @since 0.1
   */
  public record Judgement(GateReport report, List<Condition> undecided) {
    /** Copies the criteria. */
    public Judgement {
      undecided = List.copyOf(undecided);
    }

    /** {@return the whole as one finding} */
    public Finding finding() {
      return report.finding();
    }
  }

  /**
   * {@return what the gate comes to, with the criteria that it could not decide}
   *
   * @param candidate what there is to look at
   */
  public Judgement judgement(Examination candidate) {
    return judgement(candidate, List.of(), (text, done) -> {});
  }

  /** The same, with what was found before, and who hears of each criterion. */
  Judgement judgement(
      Examination candidate, List<Result> before, BiConsumer<String, Integer> progress) {
    Evidence evidence = candidate.evidence();
    GateReport.Builder report = new GateReport.Builder(
            candidate.source().model(), candidate.source().digest(), evidence.at())
        .rows(candidate.rows().size());
    candidate.version().map(Object::toString).map(Reference::parse).ifPresent(report::version);
    candidate.champion().map(Object::toString).map(Reference::parse).ifPresent(report::champion);
    before.forEach(report::result);
    if (candidate.isLoaded()) {
      answers(evidence).ifPresent(report::result);
    }
    List<Condition> undecided = new ArrayList<>();
    for (int i = 0; i < criteria.size(); i++) {
      Condition criterion = criteria.get(i);
      progress.accept(MlopsException.named(criterion), i);
      Finding finding = asked(criterion, candidate);
      boolean waived = finding.verdict() == Verdict.INCONCLUSIVE
          && candidate.first()
          && comparesWithChampion(criterion);
      report.result(result(criterion, finding, waived));
      if (finding.verdict() == Verdict.INCONCLUSIVE && !waived) {
        undecided.add(criterion);
      }
    }
    measures(evidence, report);
    return new Judgement(report.build(), undecided);
  }

  private static void measures(Evidence evidence, GateReport.Builder report) {
    Optional<VersionEvidence> champion = evidence.champion();
    evidence.candidate().ifPresent(section -> {
      section
          .quality()
          .forEach((metric, ours) -> report.measure(new Measure(
              metric.name(),
              ours,
              champion.flatMap(known -> known.quality(metric)),
              evidence.comparison(metric))));
      section.latency().ifPresent(report::latency);
    });
    champion.flatMap(VersionEvidence::latency).ifPresent(report::championLatency);
  }

  private static Optional<Result> answers(Evidence evidence) {
    long failures = evidence.candidate().map(VersionEvidence::failures).orElse(0L);
    if (failures == 0) {
      return Optional.empty();
    }
    String first = evidence
        .candidate()
        .flatMap(VersionEvidence::firstFailure)
        .map(what -> ", the first gave " + what)
        .orElse("");
    return Optional.of(result(
        GateReport.ANSWERS,
        Finding.builder(Verdict.FAIL, "no usable answer to " + failures + " held-back rows" + first)
            .value((double) failures)
            .limit(0.0)
            .n(evidence.candidate().map(VersionEvidence::recorded).orElse(0L))
            .build(),
        false));
  }

  private static Finding asked(Condition criterion, Evidence evidence) {
    return Answers.of(MlopsException.named(criterion), () -> {
      requireTold(criterion);
      return seen(criterion, criterion.test(evidence), evidence);
    });
  }

  /** A segment that is named, and that no row held back is in, was forgotten or misspelt: that fails. */
  private static @Nullable Finding seen(
      Condition criterion, @Nullable Finding finding, Evidence evidence) {
    if (finding == null || finding.verdict() != Verdict.INCONCLUSIVE) {
      return finding;
    }
    Optional<Segment> named = expression(criterion)
        .flatMap(Expression::segment)
        .filter(segment -> segment.value().isPresent());
    Optional<SegmentationEvidence> division = named.flatMap(segment ->
        evidence.candidate().map(section -> section.segmentations().get(segment.segmentation())));
    boolean missing = division
        .filter(known -> known.recorded() > 0 && known.unassigned() == 0)
        .filter(known -> known.segment(named.get().value().get()).isEmpty())
        .isPresent();
    return missing
        ? Finding.builder(
                Verdict.FAIL,
                finding.text() + "; a segment that is named must be among the rows held back")
            .n(0)
            .build()
        : finding;
  }

  private static Finding asked(Condition criterion, Examination candidate) {
    try {
      candidate.requireRunning();
    } catch (Examination.Cancelled stopped) {
      return Finding.inconclusive("the gate was cancelled before this was asked");
    }
    return Answers.of(MlopsException.named(criterion), () -> {
      try {
        requireTold(criterion);
        if (criterion instanceof Criterion asks) {
          return asks.judge(candidate);
        }
        if (!candidate.isLoaded() && expression(criterion).isPresent()) {
          return Finding.inconclusive(
              criterion + ": the candidate could not be loaded, so that nothing is known of it");
        }
        return seen(criterion, criterion.test(candidate.evidence()), candidate.evidence());
      } catch (Examination.Cancelled stopped) {
        return Finding.inconclusive("the gate was cancelled while this was asked");
      }
    });
  }

  /** A text of a host's may hold half a character, which cannot be stored. */
  static Result result(Object criterion, Finding finding, boolean waived) {
    String text = Texts.whole(finding.text());
    Finding.Builder whole = Finding.builder(finding.verdict(), text);
    finding.quantity().map(Texts::whole).ifPresent(whole::quantity);
    if (finding.estimate().isPresent()) {
      whole.estimate(finding.estimate().get());
    } else {
      finding.value().ifPresent(whole::value);
      finding.n().ifPresent(whole::n);
    }
    finding.limit().ifPresent(whole::limit);
    finding.changePosition().ifPresent(whole::changePosition);
    String asked = criterion instanceof String name ? name : MlopsException.named(criterion);
    return new Result(Texts.whole(asked), whole.build(), waived);
  }

  private static boolean comparesWithChampion(Condition criterion) {
    return criterion instanceof BuiltIn builtIn
        ? builtIn.comparesWithChampion()
        : expression(criterion)
            .filter(asks -> asks.comparison() == Expression.Comparison.NO_WORSE_THAN_CHAMPION)
            .isPresent();
  }

  /**
   * {@return whether a criterion may ask how long champion and candidate take: one about latency, or one that does not say
   * what it asks}
   */
  public boolean readsLatency() {
    return criteria.stream()
        .filter(criterion -> !(criterion instanceof BuiltIn))
        .anyMatch(criterion -> expression(criterion)
            .map(asks -> asks.quantity().quantile().isPresent())
            .orElse(true));
  }

  /** What a criterion reads; nothing where it throws, answers null or gives null among others: asked, it says so itself. */
  private static EvidenceReader told(Condition criterion) {
    return new EvidenceReader() {
      @Override
      public Set<Watch> watches() {
        return read(criterion::watches);
      }

      @Override
      public Set<Metric> metrics() {
        return read(criterion::metrics);
      }

      @Override
      public Set<String> segmentations() {
        return read(criterion::segmentations);
      }

      @Override
      public Set<Expression> expressions() {
        return read(criterion::expressions);
      }
    };
  }

  private static <T> Set<T> read(Supplier<Set<T>> asked) {
    return Answers.or(
        () -> new LinkedHashSet<>(List.copyOf(asked.get())), (how, thrown) -> {}, how -> Set.of());
  }

  /** Has a criterion say what it reads: one that throws at that has not been measured as it wants. */
  private static void requireTold(Condition criterion) {
    List.copyOf(criterion.watches());
    List.copyOf(criterion.metrics());
    List.copyOf(criterion.segmentations());
    List.copyOf(criterion.expressions());
    requireNonNull(criterion.expression(), "expression");
  }

  /** What a criterion asks; empty if it does not say, or throws. */
  private static Optional<Expression> expression(Condition criterion) {
    return Answers.or(criterion::expression, (how, thrown) -> {}, how -> Optional.empty());
  }

  @Override
  public List<? extends EvidenceReader> parts() {
    return criteria.stream().map(ReleaseGate::told).toList();
  }

  /** How many criteria there are. */
  int size() {
    return criteria.size();
  }

  @Override
  public String toString() {
    return criteria.toString();
  }
}
