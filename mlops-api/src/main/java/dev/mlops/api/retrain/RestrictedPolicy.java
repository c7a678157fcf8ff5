package dev.mlops.api.retrain;

import dev.mlops.api.model.Metric;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Expression;
import dev.mlops.api.monitor.Watch;
import java.util.Set;

/** A policy that may hold another back, and reads what that one reads. */
interface RestrictedPolicy extends RetrainPolicy {
  /** {@return the policy that is held back} */
  RetrainPolicy policy();

  @Override
  default Set<Condition> recoveries() {
    return policy().recoveries();
  }

  @Override
  default Set<Watch> watches() {
    return policy().watches();
  }

  @Override
  default Set<Metric> metrics() {
    return policy().metrics();
  }

  @Override
  default Set<String> segmentations() {
    return policy().segmentations();
  }

  @Override
  default Set<Expression> expressions() {
    return policy().expressions();
  }
}
