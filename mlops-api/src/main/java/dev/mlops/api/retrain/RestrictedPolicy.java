package dev.mlops.api.retrain;

import java.util.List;

/** A policy that may hold another back, and reads what that one reads. */
interface RestrictedPolicy extends RetrainPolicy {
  /** {@return the policy that is held back} */
  RetrainPolicy policy();

  @Override
  default List<RetrainPolicy> parts() {
    return List.of(policy());
  }
}
