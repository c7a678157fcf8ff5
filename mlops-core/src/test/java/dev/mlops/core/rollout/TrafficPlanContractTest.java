package dev.mlops.core.rollout;

import static dev.mlops.api.monitor.Signals.failures;
import static dev.mlops.api.monitor.Signals.quality;

import dev.mlops.api.rollout.RolloutPlan;
import dev.mlops.testkit.RolloutPlanContract;
import java.time.Duration;

class TrafficPlanContractTest extends RolloutPlanContract {
  @Override
  protected RolloutPlan plan() {
    return TrafficPlan.canary(5, 25, 50)
        .eachFor(20, Duration.ofSeconds(20))
        .rollingBackUnless(failures().atMost(0.01))
        .promotingWhen(quality("accuracy").noWorseThanChampion(0.02));
  }
}
