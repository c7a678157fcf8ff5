package dev.mlops.core.loop;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.pack.Configuration;
import dev.mlops.api.pack.Dependence;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.retrain.RowSelection;
import dev.mlops.api.store.Version;
import dev.mlops.core.internal.guard.Closing;
import dev.mlops.core.pack.Provenance;
import dev.mlops.core.serve.Prepared;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Does a recorded training again. */
final class Replaying {
  private final Workshop loop;
  private final Version version;
  private final Configuration origin;

  private Replaying(Workshop loop, Version version, Configuration origin) {
    this.loop = loop;
    this.version = version;
    this.origin = origin;
  }

  static TrainingReplay of(Workshop loop, Version version) {
    ModelPackage source = loop.deployment.store().open(version);
    return new Replaying(loop, version, source.provenance()).run();
  }

  private TrainingReplay run() {
    Digest recorded = Digest.parse(text(Provenance.ROWS_DIGEST));
    long from = position(Provenance.WINDOW_FIRST);
    long to = position(Provenance.CUT);
    List<Outcome> rows = loop.between(from, to);
    if (rows.size() != to - from) {
      throw new IllegalStateException(version + " was chosen from outcomes " + from + " to " + to
          + ", and of these " + rows.size() + " are kept; nothing was trained");
    }
    ModelTrainer trainer = CandidateTrainer.of(
        loop.trainer,
        loop.about,
        loop.deployment.store().open(loop.deployment.store().require(text(Provenance.PARENT))));
    TrainingContext.Builder context = TrainingContext.builder().ticker(loop.ticker);
    origin.text(Provenance.SEED).map(Long::parseLong).ifPresent(context::seed);
    TrainingContext told = context.build();
    int block = (int) number(Provenance.BLOCK_LENGTH);
    Dependence dependence =
        new Dependence(rows.size(), block, number(Provenance.INFLATION), block, false);
    OptionalLong change =
        origin.text(Provenance.CHANGE).stream().mapToLong(Long::parseLong).findFirst();
    RowSelection.Selected selected =
        loop.window.under(dependence).select(rows, change, trainer, told);
    Trained trained = selected.trained(trainer, told);
    Model again = trained.model();
    List<Labelled<Row>> asked = new ArrayList<>(selected.rows());
    selected.heldBack().forEach(outcome -> asked.add(outcome.labelled()));
    int differing = 0;
    try (Prepared first = loop.deployment.prepare(version)) {
      for (Labelled<Row> each : asked) {
        Optional<Prediction> before = first.using(model -> said(model, each.input()));
        differing += before.equals(said(again, each.input())) ? 0 : 1;
      }
    } finally {
      Closing.close(trained);
    }
    return new TrainingReplay(
        version, recorded, Provenance.digest(selected.rows()), asked.size(), differing);
  }

  private static Optional<Prediction> said(Model model, Row row) {
    try {
      return Optional.ofNullable(model.predict(row));
    } catch (RuntimeException e) { // of both models, then they agree
      return Optional.empty();
    }
  }

  private String text(String item) {
    return origin
        .text(item)
        .orElseThrow(() -> new IllegalStateException(
            version + " wanted \"" + item + "\" in its provenance, got none: no loop that records"
                + " its trainings made it; nothing was trained"));
  }

  private long position(String item) {
    return Long.parseLong(text(item));
  }

  private double number(String item) {
    return origin
        .number(item)
        .orElseThrow(() -> new IllegalStateException(
            version + " wanted \"" + item + "\" in its provenance, got none; nothing was trained"));
  }
}
