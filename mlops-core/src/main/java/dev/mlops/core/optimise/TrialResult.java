package dev.mlops.core.optimise;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.pack.Latency;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What came of a trial.
 *
 * <p>Immutable.
 *
 * @param number from 0, in the order in which trials were begun
 * @param family the name of its family
 * @param settings of its trainer
 * @param share of the training rows on which it was judged last, above 0 and at most 1
 * @param quality by the metric of the search, over the rows of all folds; empty if it failed
 * @param latency of the model of the last fold, warmed up; empty if it failed or was judged on a share of the rows
 * @param size of the weights in its package, in bytes; empty where the latency is
 * @param findings what the conditions of the search say, in their order; empty where the latency is
 * @param failure what it did instead, if it failed
 * @since 0.1
 */
@Beta
public record TrialResult(
    int number,
    String family,
    Settings settings,
    double share,
    Optional<Estimate> quality,
    Optional<Latency> latency,
    OptionalLong size,
    List<Finding> findings,
    Optional<String> failure) {
  /** Copies the findings. */
  public TrialResult {
    findings = List.copyOf(findings);
  }

  /** {@return whether it was judged on all rows and every condition PASSes: only such a trial can win} */
  public boolean isFeasible() {
    return latency.isPresent()
        && quality.isPresent()
        && findings.stream().allMatch(finding -> finding.verdict() == Verdict.PASS);
  }

  /** {@return such as {@code trial 7, forest (depth=6): 0.912, p99 0.21 ms, 51,200 bytes}} */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("trial " + number + ", " + family);
    if (!settings.values().isEmpty()) {
      text.append(" (").append(settings).append(")");
    }
    text.append(": ");
    failure.ifPresentOrElse(
        why -> text.append("failed, ").append(why),
        () -> text.append(
            String.format(Locale.ROOT, "%.4f", quality.map(Estimate::value).orElseThrow())));
    latency.ifPresent(measured ->
        text.append(String.format(Locale.ROOT, ", p99 %.3f ms", measured.p99().toNanos() / 1e6)));
    size.ifPresent(bytes -> text.append(String.format(Locale.ROOT, ", %,d bytes", bytes)));
    if (share < 1 && failure.isEmpty()) {
      text.append(String.format(Locale.ROOT, " on %.3g of the rows", share));
    }
    findings.stream()
        .filter(finding -> finding.verdict() != Verdict.PASS)
        .forEach(finding -> text.append("; ").append(finding));
    return text.toString();
  }
}
