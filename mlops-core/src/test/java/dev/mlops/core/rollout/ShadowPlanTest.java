package dev.mlops.core.rollout;

import dev.mlops.api.rollout.RolloutPlan;
import dev.mlops.testkit.RolloutPlanContract;

class ShadowPlanTest extends RolloutPlanContract {
  @Override
  protected RolloutPlan plan() {
    return ShadowPlan.shadow();
  }
}
