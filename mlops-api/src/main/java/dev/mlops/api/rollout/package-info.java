/**
 * How a candidate that passed its gate takes over.
 *
 * <p>A {@link dev.mlops.api.rollout.RolloutPlan} begins a {@link dev.mlops.api.rollout.RolloutProgress} for each candidate, which is
 * shown matured outcomes and comes to a {@link dev.mlops.api.rollout.RolloutDecision}. The paired shadow in core is one plan.
 *
 * <p>Imports {@code monitor}, {@code store} and what these import. Read {@link dev.mlops.api.rollout.RolloutPlan} first; {@code
 * OwnLoopPartsTest} shows a plan of a host's own.
 */
@NullMarked
package dev.mlops.api.rollout;

import org.jspecify.annotations.NullMarked;
