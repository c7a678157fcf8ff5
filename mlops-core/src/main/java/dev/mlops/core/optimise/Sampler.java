package dev.mlops.core.optimise;

import dev.mlops.api.model.Beta;

/**
 * Who chooses the settings of the next trial.
 *
 * @since 0.1
 */
@Beta
public enum Sampler {
  /** Uniformly, on the logarithm where the parameter says so: knows nothing of the trials before. */
  RANDOM,

  /**
   * The tree-structured Parzen estimator: ten random trials, then where the best tenth of the trials is dense and the rest is
   * not.
   *
   * @see <a href="https://papers.nips.cc/paper/4443-algorithms-for-hyper-parameter-optimization">Bergstra et al. (2011),
   *     Algorithms for hyper-parameter optimization</a>
   * @see <a href="https://arxiv.org/abs/2304.11127">Watanabe (2023), Tree-structured Parzen estimator</a>
   */
  TPE
}
