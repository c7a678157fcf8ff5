package dev.mlops.testkit;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.rollout.RolloutDecision;
import dev.mlops.api.rollout.RolloutLook;
import dev.mlops.api.rollout.RolloutPlan;
import dev.mlops.api.rollout.RolloutProgress;
import dev.mlops.api.rollout.RolloutStart;
import dev.mlops.api.rollout.ShadowProgress;
import dev.mlops.api.rollout.TrafficProgress;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** A plan that keeps its contract, and plans that break one clause each. */
final class BrokenRollouts {
  static final int OUTCOMES = 20;

  private BrokenRollouts() {}

  /** Promotes a candidate that is right more often than the champion on twenty outcomes. */
  static class Counting implements RolloutPlan {
    @Override
    public RolloutProgress begin(RolloutStart start) {
      return new Counted();
    }

    @Override
    public String toString() {
      return "more right of " + OUTCOMES;
    }
  }

  static class Counted implements ShadowProgress {
    int seen;
    int ahead;

    @Override
    public void observe(Outcome outcome, Optional<Prediction> candidate) {
      if (seen < OUTCOMES) {
        count(outcome, candidate);
      }
    }

    void count(Outcome outcome, Optional<Prediction> candidate) {
      seen++;
      ahead += right(outcome, candidate) - right(outcome, Optional.of(outcome.prediction()));
    }

    static int right(Outcome outcome, Optional<Prediction> said) {
      return said.filter(each -> outcome.truth().matches((Classification) each)).isPresent()
          ? 1
          : 0;
    }

    @Override
    public RolloutDecision decision() {
      return decision(
          seen < OUTCOMES
              ? RolloutDecision.Outcome.UNDECIDED
              : ahead > 0 ? RolloutDecision.Outcome.PROMOTE : RolloutDecision.Outcome.KEEP);
    }

    RolloutDecision decision(RolloutDecision.Outcome outcome) {
      return RolloutDecision.of(outcome, ahead + " ahead after " + seen);
    }
  }

  /** As {@link Counted}, but each version answers half of the keys. */
  static class Splitting implements TrafficProgress {
    int seen;
    int ahead;

    @Override
    public int share() {
      return 50_000;
    }

    @Override
    public void observe(Outcome outcome) {
      if (seen < 2 * OUTCOMES) {
        seen++;
        int right = Counted.right(outcome, Optional.of(outcome.prediction()));
        ahead += outcome.version().equals("8") ? right : -right;
      }
    }

    @Override
    public RolloutDecision decision() {
      RolloutDecision.Outcome outcome = seen < 2 * OUTCOMES
          ? RolloutDecision.Outcome.UNDECIDED
          : ahead > 0 ? RolloutDecision.Outcome.PROMOTE : RolloutDecision.Outcome.KEEP;
      return RolloutDecision.of(outcome, ahead + " ahead after " + seen).with("truths", seen);
    }
  }

  private static Broken<Supplier<RolloutPlan>> broken(
      String clause, String how, Supplier<RolloutProgress> rollout) {
    return new Broken<>(clause, how, () -> new Counting() {
      @Override
      public RolloutProgress begin(RolloutStart start) {
        return rollout.get();
      }
    });
  }

  static List<Broken<Supplier<RolloutPlan>>> all() {
    return List.of(
        broken("beginsUndecided", "it promotes at once", () -> new Counted() {
          @Override
          public RolloutDecision decision() {
            return seen == 0 && ahead == 0
                ? decision(RolloutDecision.Outcome.PROMOTE)
                : super.decision();
          }
        }),
        broken("beginsUndecided", "it never comes to a decision", () -> new Counted() {
          @Override
          public RolloutDecision decision() {
            return decision(RolloutDecision.Outcome.UNDECIDED);
          }
        }),
        new Broken<>("sharesNothing", "two candidates of one plan are counted together", () -> {
          Counted shared = new Counted();
          return new Counting() {
            @Override
            public RolloutProgress begin(RolloutStart start) {
              return shared;
            }
          };
        }),
        broken("staysDecided", "it goes on counting", () -> new Counted() {
          @Override
          public void observe(Outcome outcome, Optional<Prediction> candidate) {
            count(outcome, candidate);
          }
        }),
        broken("asksChangeNothing", "it counts how often it is asked", () -> new Counted() {
          private int asked;

          @Override
          public RolloutDecision decision() {
            asked++;
            return RolloutDecision.of(
                super.decision().outcome(), super.decision().reason() + ", asked " + asked);
          }
        }),
        broken("silenceIsNoMerit", "it takes silence for consent", () -> new Counted() {
          @Override
          void count(Outcome outcome, Optional<Prediction> candidate) {
            seen++;
            ahead += candidate.isEmpty()
                ? 1
                : right(outcome, candidate) - right(outcome, Optional.of(outcome.prediction()));
          }
        }),
        broken("explains", "it has no numbers", () -> new Counted() {
          @Override
          RolloutDecision decision(RolloutDecision.Outcome outcome) {
            return RolloutDecision.of(outcome, "so it is");
          }
        }),
        broken("growsOnly", "it takes keys away again", () -> new Splitting() {
          @Override
          public int share() {
            return seen % 3 == 0 ? 5_000 : 10_000;
          }
        }),
        broken("growsOnly", "it goes on taking keys once it is decided", () -> new Splitting() {
          private int looks;

          @Override
          public RolloutDecision look(RolloutLook look) {
            looks++;
            return decision();
          }

          @Override
          public int share() {
            return Math.min(100_000, looks);
          }
        }));
  }
}
