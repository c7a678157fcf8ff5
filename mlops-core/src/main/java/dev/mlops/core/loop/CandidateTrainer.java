package dev.mlops.core.loop;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.DecisionThresholds;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.PackageDraft;
import dev.mlops.api.pack.TestPhase;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.core.internal.guard.Closing;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A host's trainer whose models are described and decide as candidates do: by the decision thresholds of the champion where
 * neither the trainer nor the host gives any, and wherever a model is asked, so that it is measured as it will serve.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class CandidateTrainer implements ModelTrainer {
  /** Says nothing of a package. */
  static final Consumer<PackageDraft> NOTHING = draft -> {};

  private final ModelTrainer trainer;
  private final ModelPackage champion;
  private final Consumer<? super PackageDraft> about;

  /** What is said of each package; null until the first was trained. */
  private @Nullable Consumer<? super PackageDraft> said;

  private DecisionThresholds thresholds;

  private CandidateTrainer(
      ModelTrainer trainer, Consumer<? super PackageDraft> about, ModelPackage champion) {
    this.trainer = trainer;
    this.about = about;
    this.champion = champion;
    this.thresholds = DecisionThresholds.of(champion.configuration(), champion.schema());
  }

  /**
   * {@return a trainer of candidates}
   *
   * @param trainer the host's
   * @param about what the host says of each candidate
   * @param champion the package that serves
   */
  static ModelTrainer of(
      ModelTrainer trainer, Consumer<? super PackageDraft> about, ModelPackage champion) {
    CandidateTrainer made = new CandidateTrainer(trainer, about, champion);
    return about == NOTHING && made.thresholds.isEmpty() ? trainer : made;
  }

  @Override
  public Schema schema() {
    return trainer.schema();
  }

  @Override
  public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
    Trained trained = trainer.train(rows, context);
    try {
      return described(trained);
    } catch (Throwable e) { // what the host says of a candidate ended it
      Closing.close(trained);
      throw e;
    }
  }

  private Trained described(Trained trained) {
    Consumer<? super PackageDraft> all = said;
    if (all == null) {
      ModelPackage described = trained.asPackage(champion.model(), about);
      DecisionThresholds own = DecisionThresholds.of(described.configuration(), described.schema());
      all = own.isEmpty() ? this::asTheChampion : about;
      thresholds = own.isEmpty() ? thresholds : own;
      said = all;
    }
    return new Described(trained, thresholds, all);
  }

  private void asTheChampion(PackageDraft draft) {
    champion.configuration().values().forEach((name, value) -> {
      if (value instanceof Double threshold && DecisionThresholds.isSetting(name)) {
        draft.configuration(name, threshold);
      }
    });
    about.accept(draft);
  }

  private record Described(
      Trained trained, DecisionThresholds thresholds, Consumer<? super PackageDraft> about)
      implements Trained {
    @Override
    public Model model() {
      return thresholds.deciding(trained.model());
    }

    @Override
    public TestPhase test(List<Labelled<Row>> rows) {
      return trained.test(rows).deciding(thresholds);
    }

    @Override
    public Trained testedOn(TestPhase phase) {
      return new Described(trained.testedOn(phase), thresholds, about);
    }

    @Override
    public ModelPackage asPackage(String name, Consumer<? super PackageDraft> more) {
      return trained.asPackage(name, draft -> {
        about.accept(draft);
        more.accept(draft);
      });
    }
  }
}
