package dev.mlops.examples;

import static dev.mlops.api.monitor.Signals.goldenExamples;
import static dev.mlops.core.retrain.RetrainPolicies.afterTruths;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.journal.Journal;
import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.retrain.RowSelection;
import dev.mlops.api.rollout.RolloutDecision;
import dev.mlops.api.rollout.RolloutPlan;
import dev.mlops.api.rollout.RolloutStart;
import dev.mlops.api.rollout.ShadowProgress;
import dev.mlops.core.loop.LoopEvents;
import dev.mlops.core.loop.MaintenanceLoop;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.serve.Served;
import dev.mlops.core.tribuo.TribuoTrainer;
import dev.mlops.examples.Hello.Flower;
import dev.mlops.testkit.InMemoryVersionStore;
import dev.mlops.testkit.JournalContract;
import dev.mlops.testkit.ManualClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.tribuo.classification.sgd.linear.LogisticRegressionTrainer;

/** A journal, a rollout plan and a row selection of a host's own in the loop. */
class OwnLoopPartsTest {

  /** Events as rows of a host's table: one JSON text each. */
  static final class TableJournal implements Journal {
    private final List<byte[]> table;
    private boolean closed;

    TableJournal(List<byte[]> table) {
      this.table = table;
    }

    @Override
    public void append(LoopEvent event) {
      synchronized (table) {
        requireOpen();
        table.add(LoopEvents.toBytes(event));
      }
    }

    @Override
    public List<LoopEvent> events() {
      synchronized (table) {
        requireOpen();
        return table.stream().map(LoopEvents::of).toList();
      }
    }

    @Override
    public void close() {
      synchronized (table) {
        closed = true;
      }
    }

    private void requireOpen() {
      if (closed) {
        throw new IllegalStateException("the journal is closed");
      }
    }
  }

  /** Counts right answers of both on a number of outcomes; the candidate takes over if it has more. */
  record MoreRight(int outcomes) implements RolloutPlan {
    @Override
    public ShadowProgress begin(RolloutStart start) {
      return new ShadowProgress() {
        private int seen;
        private int ahead;

        @Override
        public void observe(Outcome outcome, Optional<Prediction> candidate) {
          if (seen < outcomes) {
            seen++;
            ahead += right(outcome, candidate) - right(outcome, Optional.of(outcome.prediction()));
          }
        }

        @Override
        public RolloutDecision decision() {
          RolloutDecision.Outcome decided = seen < outcomes
              ? RolloutDecision.Outcome.UNDECIDED
              : ahead > 0 ? RolloutDecision.Outcome.PROMOTE : RolloutDecision.Outcome.KEEP;
          return RolloutDecision.of(decided, ahead + " more right of " + seen).with("truths", seen);
        }
      };
    }

    private static int right(Outcome outcome, Optional<Prediction> said) {
      return said.filter(Classification.class::isInstance)
              .map(Classification.class::cast)
              .filter(outcome.truth()::matches)
              .isPresent()
          ? 1
          : 0;
    }
  }

  /** The newest outcomes, every fifth of them held back. */
  record EveryFifth(int most) implements RowSelection {
    @Override
    public Optional<String> waitsFor(long kept, long end, OptionalLong change) {
      return kept < most ? Optional.of((most - kept) + " more outcomes") : Optional.empty();
    }

    @Override
    public Selected select(
        List<Outcome> outcomes,
        OptionalLong change,
        ModelTrainer trainer,
        TrainingContext context) {
      List<Outcome> training = new ArrayList<>();
      List<Outcome> heldBack = new ArrayList<>();
      for (Outcome outcome : outcomes) {
        (outcome.position() % 5 == 0 ? heldBack : training).add(outcome);
      }
      return Selected.of(training, heldBack);
    }
  }

  @Test
  void theyTrainAndReplaceAModelThatHasBecomeWorse() {
    List<byte[]> table = new ArrayList<>();
    RowBinding<Flower> rows = RowBinding.of(MethodHandles.lookup(), Flower.class);
    TribuoTrainer trainer =
        TribuoTrainer.classifier(rows.schema(), new LogisticRegressionTrainer());
    ManualClock clock = new ManualClock();
    try (InMemoryVersionStore store = new InMemoryVersionStore(clock);
        Deployment<Flower> iris = Deployment.of(store, "iris@champion", rows)
            .firstRelease(() -> trainer
                .train(rows.labelled(Flowers.history()))
                .testedOn(rows.labelled(Flowers.holdout()))
                .asPackage("iris"))
            .monitoredBy(
                MicrometerMonitor.config(new SimpleMeterRegistry()).keeping(500).clock(clock))
            .clock(clock)
            .open();
        // region parts
        MaintenanceLoop loop = MaintenanceLoop.of(iris, trainer)
            .retrainWhen(afterTruths(150))
            .window(new EveryFifth(100))
            .gate(goldenExamples())
            .rollout(new MoreRight(25))
            .journal(new TableJournal(table))
            .on(Runnable::run)
            .clock(clock)
            .build()
        // endregion
        ) {
      for (Labelled<Flower> seen : Flowers.renamed(300)) {
        Served served = iris.serve(seen.input());
        iris.truth(served.id(), seen.truth());
        iris.tick();
        loop.tick();
      }
      LoopEvent promoted = loop.events().stream()
          .filter(event -> event.kind() == LoopEvent.Kind.PROMOTED)
          .findFirst()
          .orElseThrow();
      assertThat(promoted.candidate().orElseThrow()).hasToString("iris:2");
      assertThat(promoted.champion().orElseThrow()).hasToString("iris:1");
      assertThat(promoted.number("truths")).hasValue(25);
      assertThat(promoted.text()).contains("more right of 25");
      LoopEvent published = loop.events().stream()
          .filter(event -> event.kind() == LoopEvent.Kind.PUBLISHING)
          .findFirst()
          .orElseThrow();
      assertThat(published.number("rows")).hasValue(80);
      assertThat(published.number("held_back")).hasValue(20);
      assertThat(iris.champion().number()).isGreaterThanOrEqualTo(2);
      assertThat(loop.trouble()).isEmpty();
    }
    try (TableJournal next = new TableJournal(table)) {
      assertThat(next.events()).extracting(LoopEvent::kind).contains(LoopEvent.Kind.PROMOTED);
    }
  }

  /** What a host's own journal is tested by. */
  @Nested
  class TableJournalTest extends JournalContract {
    private final List<byte[]> table = new ArrayList<>();

    @Override
    protected Journal open() {
      return new TableJournal(table);
    }
  }
}
