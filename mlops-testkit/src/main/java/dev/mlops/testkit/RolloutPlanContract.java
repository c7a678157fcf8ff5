package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.rollout.RolloutDecision;
import dev.mlops.api.rollout.RolloutLook;
import dev.mlops.api.rollout.RolloutPlan;
import dev.mlops.api.rollout.RolloutProgress;
import dev.mlops.api.rollout.RolloutStart;
import dev.mlops.api.rollout.ShadowProgress;
import dev.mlops.api.rollout.TrafficProgress;
import dev.mlops.api.store.Version;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The contract of {@link RolloutPlan}: one test per clause of its Javadoc, named after the clause.
 *
 * <p>The rows are flowers of one number that are all {@code yes}; a model that says {@code no} is wrong. A plan that splits
 * traffic sees one truth of each version in each second.
 *
 * @since 0.1
 */
@DisplayName("A rollout plan")
public abstract class RolloutPlanContract {
  private static final Schema SCHEMA =
      Schema.of(Column.number("x")).predicting(Task.CLASSIFICATION);

  private static final String RIGHT = "yes";
  private static final String WRONG = "no";

  /** For a subclass. */
  protected RolloutPlanContract() {}

  /** {@return the plan; each call may give the same one} */
  protected abstract RolloutPlan plan();

  /** {@return how many outcomes the plan needs at most to come to a decision; 1,000 unless overridden} */
  protected int enough() {
    return 1_000;
  }

  private RolloutProgress begin() {
    return plan().begin(RolloutStart.builder(version(7), version(8), SCHEMA).build());
  }

  private static Version version(int number) {
    return new Version("fraud", number, Digest.of(new byte[] {(byte) number}), Instant.EPOCH);
  }

  /** A second in which both versions answer one request each, and the truths of both mature. */
  private static void observe(
      RolloutProgress rollout, int i, String champion, Optional<String> candidate) {
    if (rollout instanceof ShadowProgress shadow) {
      shadow.observe(outcome(i, "7", champion), candidate.<Prediction>map(Classification::of));
    } else if (rollout instanceof TrafficProgress traffic) {
      traffic.observe(outcome(2L * i, "7", champion));
      candidate.ifPresent(said -> traffic.observe(outcome(2L * i + 1, "8", said)));
    }
    long answered = candidate.isPresent() ? i + 1L : 0;
    Duration lasted = Duration.ofSeconds(i + 1L);
    rollout.look(RolloutLook.builder(Evidence.builder("fraud", Instant.EPOCH.plus(lasted))
            .champion(VersionEvidence.builder("7").served(i + 1L, 0).build())
            .candidate(VersionEvidence.builder("8")
                .served(answered, 0)
                .failures(i + 1L - answered)
                .build())
            .build())
        .after(lasted, lasted)
        .build());
  }

  private static Outcome outcome(long position, String version, String said) {
    return Outcome.builder(position, position, version)
        .row(Row.of(SCHEMA, position))
        .prediction(Classification.of(said))
        .truth(Truth.of(RIGHT))
        .servedAt(Instant.EPOCH)
        .build();
  }

  /** Until it is decided, at most {@link #enough()} outcomes, at least one. */
  private RolloutDecision.Outcome decided(
      RolloutProgress rollout, String champion, Optional<String> candidate) {
    for (int i = 0; i < enough(); i++) {
      observe(rollout, i, champion, candidate);
      if (rollout.decision().outcome() != RolloutDecision.Outcome.UNDECIDED) {
        break;
      }
    }
    return rollout.decision().outcome();
  }

  @Test
  @DisplayName("is undecided before it has observed anything")
  void beginsUndecided() {
    assertThat(begin().decision().outcome()).isEqualTo(RolloutDecision.Outcome.UNDECIDED);
  }

  @Test
  @DisplayName(
      "promotes a candidate that is right where the champion is wrong, and keeps one that is worse")
  void beginsUndecided_andDecides() {
    assertThat(decided(begin(), WRONG, Optional.of(RIGHT)))
        .as("always right beside always wrong")
        .isEqualTo(RolloutDecision.Outcome.PROMOTE);
    assertThat(decided(begin(), RIGHT, Optional.of(WRONG)))
        .as("always wrong beside always right")
        .isEqualTo(RolloutDecision.Outcome.KEEP);
  }

  @Test
  @DisplayName("shares nothing between two rollouts")
  void sharesNothing() {
    RolloutPlan plan = plan();
    RolloutStart start = RolloutStart.builder(version(7), version(8), SCHEMA).build();
    RolloutProgress one = plan.begin(start);
    RolloutProgress other = plan.begin(start);
    decided(one, WRONG, Optional.of(RIGHT));
    assertThat(decided(other, RIGHT, Optional.of(WRONG)))
        .as("beside another, and alone")
        .isEqualTo(decided(begin(), RIGHT, Optional.of(WRONG)));
  }

  @Test
  @DisplayName("says the same once it is decided, whatever comes")
  void staysDecided() {
    RolloutProgress promoted = begin();
    RolloutDecision.Outcome first = decided(promoted, WRONG, Optional.of(RIGHT));
    RolloutProgress kept = begin();
    RolloutDecision.Outcome second = decided(kept, RIGHT, Optional.of(WRONG));
    for (int i = 0; i < enough(); i++) {
      observe(promoted, enough() + i, RIGHT, Optional.of(WRONG));
      observe(kept, enough() + i, WRONG, Optional.of(RIGHT));
    }
    assertThat(promoted.decision().outcome()).isEqualTo(first);
    assertThat(kept.decision().outcome()).isEqualTo(second);
  }

  @Test
  @DisplayName("changes nothing when it is asked")
  void asksChangeNothing() {
    RolloutProgress asked = begin();
    RolloutProgress left = begin();
    for (int i = 0; i < enough(); i++) {
      observe(asked, i, WRONG, Optional.of(i % 2 == 0 ? RIGHT : WRONG));
      observe(left, i, WRONG, Optional.of(i % 2 == 0 ? RIGHT : WRONG));
      RolloutDecision decision = asked.decision();
      assertThat(asked.decision()).as("asked again").isEqualTo(decision);
    }
    assertThat(asked.decision()).isEqualTo(left.decision());
  }

  @Test
  @DisplayName("never promotes a candidate that gives no usable answer")
  void silenceIsNoMerit() {
    for (String champion : new String[] {RIGHT, WRONG}) {
      assertThat(decided(begin(), champion, Optional.empty()))
          .as("no answer beside " + champion)
          .isNotEqualTo(RolloutDecision.Outcome.PROMOTE);
    }
  }

  @Test
  @DisplayName("says what it found, with the numbers")
  void explains() {
    RolloutProgress rollout = begin();
    for (int i = 0; i < enough(); i++) {
      observe(rollout, i, WRONG, Optional.of(RIGHT));
      assertThat(rollout.decision().reason()).as("after " + (i + 1)).containsPattern("[0-9]");
    }
    assertThat(plan().toString()).as("what the journal calls the plan").isNotBlank();
  }

  @Test
  @DisplayName("gives a share that only grows, and stays once it is decided")
  void growsOnly() {
    for (String said : new String[] {RIGHT, WRONG}) {
      RolloutProgress rollout = begin();
      int before = share(rollout);
      assertThat(before).as("at the beginning").isBetween(0, 100_000);
      for (int i = 0; i < enough(); i++) {
        boolean decided = rollout.decision().outcome() != RolloutDecision.Outcome.UNDECIDED;
        observe(rollout, i, RIGHT.equals(said) ? WRONG : RIGHT, Optional.of(said));
        assertThat(share(rollout)).as("after " + (i + 1)).isBetween(before, 100_000);
        if (decided) {
          assertThat(share(rollout)).as("decided, after " + (i + 1)).isEqualTo(before);
        }
        before = share(rollout);
      }
    }
  }

  /** A shadow answers nobody. */
  private static int share(RolloutProgress rollout) {
    return rollout instanceof TrafficProgress traffic ? traffic.share() : 0;
  }
}
