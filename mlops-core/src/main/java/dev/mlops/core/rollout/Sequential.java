package dev.mlops.core.rollout;

import dev.mlops.api.pack.Dependence;
import dev.mlops.drift.anytime.BettingTest;
import dev.mlops.drift.anytime.BlockMeansTest;

/**
 * Whether the mean of differences is above a limit, asked after every one of them.
 *
 * <p>Not thread-safe: confine to one thread.
 */
interface Sequential {
  boolean update(double difference);

  boolean rejected();

  double eValue();

  /** By rows, or by blocks of them where they depend on each other. */
  static Sequential above(double limit, double alpha, Dependence dependence) {
    if (!dependence.present()) {
      BettingTest rows = BettingTest.differences().above(limit).alpha(alpha);
      return new Sequential() {
        @Override
        public boolean update(double difference) {
          return rows.update(difference);
        }

        @Override
        public boolean rejected() {
          return rows.rejected();
        }

        @Override
        public double eValue() {
          return rows.eValue();
        }
      };
    }
    BlockMeansTest blocks =
        BlockMeansTest.differences().above(limit).under(dependence).alpha(alpha);
    return new Sequential() {
      @Override
      public boolean update(double difference) {
        return blocks.update(difference);
      }

      @Override
      public boolean rejected() {
        return blocks.rejected();
      }

      @Override
      public double eValue() {
        return blocks.eValue();
      }
    };
  }
}
