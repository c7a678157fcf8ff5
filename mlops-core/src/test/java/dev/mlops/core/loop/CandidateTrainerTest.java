package dev.mlops.core.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.PackageDraft;
import dev.mlops.api.pack.TestPhase;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.testkit.InMemoryPackage;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class CandidateTrainerTest {
  private final AtomicInteger closed = new AtomicInteger();

  /** A model that holds something. */
  private final class Holding implements Model, AutoCloseable {
    @Override
    public Prediction predict(Row row) {
      return Classification.of("yes");
    }

    @Override
    public void close() {
      closed.incrementAndGet();
    }
  }

  private final class Trains implements ModelTrainer {
    @Override
    public Schema schema() {
      return LoopScene.SCHEMA;
    }

    @Override
    public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
      Holding model = new Holding();
      return new Trained() {
        @Override
        public Model model() {
          return model;
        }

        @Override
        public TestPhase test(List<Labelled<Row>> held) {
          throw new AssertionError("nothing is tested");
        }

        @Override
        public Trained testedOn(TestPhase phase) {
          throw new AssertionError("nothing is tested");
        }

        @Override
        public ModelPackage asPackage(String name, Consumer<? super PackageDraft> about) {
          throw new IllegalStateException("no page of the owner");
        }
      };
    }
  }

  @Test
  void aModelThatCannotBeDescribedIsClosed() {
    ModelTrainer trainer = CandidateTrainer.of(
        new Trains(),
        draft -> {},
        InMemoryPackage.builder("iris", LoopScene.SCHEMA)
            .runtime("scripted")
            .weights("weights", new byte[] {1})
            .build());

    assertThatThrownBy(() -> trainer.train(List.of(), TrainingContext.none()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no page of the owner");
    assertThat(closed).hasValue(1);
  }
}
