package dev.mlops.core.loop;

import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Task;
import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.retrain.RetrainPolicy;
import dev.mlops.api.retrain.RowSelection;
import dev.mlops.api.rollout.RolloutPlan;
import dev.mlops.core.gate.ReleaseGate;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.core.serve.Deployment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Whether the parts that a loop is given fit each other, the monitor and the rows that are served.
 *
 * @param policy null if it is missing
 * @param gate null if it is missing
 */
record LoopFit(
    Deployment<?> deployment,
    ModelTrainer trainer,
    @Nullable RetrainPolicy policy,
    @Nullable ReleaseGate gate,
    RolloutPlan plan,
    RowSelection window,
    Outcomes outcomes) {
  /** {@return what does not fit, a line each} */
  List<String> problems() {
    List<String> problems = new ArrayList<>();
    requireTold(problems);
    try {
      deployment.requireCarries(plan);
    } catch (IllegalArgumentException e) {
      problems.add(String.valueOf(e.getMessage()));
    }
    if (outcomes.capacity() == 0) {
      problems.add("the monitor keeps no rows: hand some over with rows(outcomes)");
    } else if (outcomes.capacity() < window.most()) {
      problems.add("the window uses up to " + window.most() + " outcomes, but only "
          + outcomes.capacity() + " are kept");
    }
    List<String> differences = trainer.schema().differencesFrom(deployment.schema());
    if (!differences.isEmpty()) {
      problems.add("what the trainer makes does not fit the rows of " + deployment.champion() + ": "
          + String.join(", ", differences));
    }
    if (trainer.schema().task().filter(Task.ANOMALY_DETECTION::equals).isPresent()) {
      problems.add("the losses of anomaly scores are not known, so nothing could be compared");
    }
    return problems;
  }

  /** What the monitor was not told of would read INCONCLUSIVE for ever. */
  private void requireTold(List<String> problems) {
    Set<String> lacking = new TreeSet<>();
    if (policy != null) {
      lacking.addAll(deployment.monitor().lacks(policy));
    }
    if (gate != null) { // which measures for itself, but for watches
      Set<Watch> watched = gate.watches();
      lacking.addAll(deployment.monitor().lacks(new EvidenceReader() {
        @Override
        public Set<Watch> watches() {
          return watched;
        }

        @Override
        public Set<Metric> metrics() {
          return Set.of();
        }
      }));
    }
    lacking.forEach(each -> problems.add(
        "the monitor does not " + each + ": name what reads it in MonitorFactory.watching"));
  }

  /** A monitor of a host's own may not say what it watches. */
  void warnOfWatchesNobodyKnows(Warnings warnings) {
    Set<Watch> reads = new HashSet<>();
    if (policy != null) {
      reads.addAll(policy.watches());
    }
    if (gate != null) {
      reads.addAll(gate.watches());
    }
    if (!reads.isEmpty() && deployment.monitor().watches().isEmpty()) {
      warnings.once(
          "unknown",
          "the monitor of " + deployment.alias()
              + " does not tell what it watches; what it does not know reads INCONCLUSIVE: "
              + reads,
          null);
    }
  }
}
