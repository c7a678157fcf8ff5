/**
 * Decides when a model is trained again.
 *
 * <p>A {@link dev.mlops.api.retrain.RetrainPolicy} is a pure function of the evidence and of what was done before; its
 * {@link dev.mlops.api.retrain.RetrainDecision} is a tree with the numbers, also when the answer is no.
 *
 * <p>Imports {@code monitor} and what that imports. Read {@link dev.mlops.api.retrain.RetrainPolicy} first; {@code
 * OnlyRetrainPolicy} shows it alone, {@code MyPolicyTest} how a host tests its own.
 */
@NullMarked
package dev.mlops.api.retrain;

import org.jspecify.annotations.NullMarked;
