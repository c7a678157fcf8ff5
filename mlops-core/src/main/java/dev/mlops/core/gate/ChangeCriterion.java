package dev.mlops.core.gate;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Figures;
import dev.mlops.api.model.Metric;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Verdict;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** By how much a metric has changed from the champion to the candidate. */
final class ChangeCriterion extends BuiltIn {
  private final Metric metric;
  private final boolean relative;
  private final double limit;

  ChangeCriterion(String call, Metric metric, boolean relative, double limit) {
    super(call);
    this.metric = metric;
    this.relative = relative;
    this.limit = limit;
  }

  @Override
  boolean comparesWithChampion() {
    return true;
  }

  @Override
  public Set<Metric> metrics() {
    return Set.of(metric);
  }

  @Override
  public Finding judge(Examination candidate) {
    return test(candidate.evidence());
  }

  /** It reads nothing but evidence. */
  @Override
  public Finding test(Evidence evidence) {
    Optional<Estimate> compared = evidence.comparison(metric);
    if (compared.isEmpty()) {
      return inconclusive("no " + metric + " of candidate and champion on the same rows");
    }
    Estimate change = compared.get();
    String unit = "";
    if (relative) {
      Optional<Estimate> ours = evidence.candidate().flatMap(section -> section.quality(metric));
      if (ours.isEmpty()) {
        return inconclusive("no " + metric + " of the candidate");
      }
      double own = metric.isSigned() ? Math.abs(ours.get().value()) : ours.get().value();
      double champion = own - change.value();
      double scale = Math.abs(champion);
      Estimate share = scale > 0.0 ? scaled(change, scale) : null;
      if (share == null) {
        return inconclusive("the champion's " + metric + " is " + Figures.exact(champion)
            + ", and there is no share of nothing");
      }
      change = share;
      unit = " of the champion's " + Figures.apart(champion).get(0);
    }
    boolean higher = metric.higherIsBetter();
    boolean good = higher ? change.lower() >= limit : change.upper() <= limit;
    boolean bad = higher ? change.upper() < limit : change.lower() > limit;
    List<String> shown = Figures.apart(change.value(), change.lower(), change.upper(), limit);
    String text = metric + " of the candidate minus the champion's " + shown.get(0) + unit
        + ", interval " + shown.get(1) + " to " + shown.get(2) + " on " + change.n()
        + " rows, wanted at " + (higher ? "least " : "most ") + shown.get(3);
    return Finding.builder(good ? Verdict.PASS : bad ? Verdict.FAIL : Verdict.INCONCLUSIVE, text)
        .quantity(metric.name())
        .estimate(change)
        .limit(limit)
        .build();
  }

  private static @Nullable Estimate scaled(Estimate change, double scale) {
    double value = change.value() / scale;
    double lower = change.lower() / scale;
    double upper = change.upper() / scale;
    return Double.isFinite(value) && Double.isFinite(lower) && Double.isFinite(upper)
        ? new Estimate(value, lower, upper, change.n())
        : null;
  }

  private Finding inconclusive(String text) {
    return Finding.builder(Verdict.INCONCLUSIVE, text)
        .quantity(metric.name())
        .limit(limit)
        .build();
  }
}
