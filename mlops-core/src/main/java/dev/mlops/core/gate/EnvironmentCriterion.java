package dev.mlops.core.gate;

import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.core.environment.EnvironmentReport;
import dev.mlops.core.environment.EnvironmentReport.Level;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/** That the package can run here. */
final class EnvironmentCriterion extends BuiltIn {
  private final Function<? super ModelPackage, EnvironmentReport> check;

  EnvironmentCriterion(String call, Function<? super ModelPackage, EnvironmentReport> check) {
    super(call);
    this.check = check;
  }

  @Override
  public Finding judge(Examination candidate) {
    ModelPackage source = candidate.source();
    EnvironmentReport report = check.apply(source);
    if (!report.digest().equals(source.digest())) {
      return Finding.inconclusive("the check is about package "
          + report.digest().abbreviated() + ", wanted " + source.digest().abbreviated());
    }
    List<EnvironmentReport.Finding> failing = report.findings(Level.FAIL);
    int all = report.findings().size();
    String told = report.findings().stream()
        .map(EnvironmentReport.Finding::toString)
        .collect(Collectors.joining("; "));
    if (!failing.isEmpty()) {
      return Finding.builder(
              Verdict.FAIL, failing.size() + " of " + all + " differences stop it: " + told)
          .value((double) failing.size())
          .limit(0.0)
          .n(all)
          .build();
    }
    boolean silent = source.environment().isEmpty() && source.libraries().isEmpty();
    return Finding.builder(
            silent ? Verdict.INCONCLUSIVE : Verdict.PASS,
            (silent ? "the package says neither where nor with what it was made; " : "")
                + (all == 0 ? "nothing differs" : all + " differences stop nothing: " + told))
        .value(0.0)
        .limit(0.0)
        .n(all)
        .build();
  }
}
