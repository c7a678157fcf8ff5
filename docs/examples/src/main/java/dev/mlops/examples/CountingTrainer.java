package dev.mlops.examples;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** A trainer that counts how often and how long it trained. */
final class CountingTrainer implements ModelTrainer {
  private final ModelTrainer trainer;
  private final AtomicLong fits = new AtomicLong();
  private final AtomicLong nanos = new AtomicLong();

  CountingTrainer(ModelTrainer trainer) {
    this.trainer = trainer;
  }

  @Override
  public Schema schema() {
    return trainer.schema();
  }

  @Override
  public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
    long start = System.nanoTime();
    try {
      return trainer.train(rows, context);
    } finally {
      fits.incrementAndGet();
      nanos.addAndGet(System.nanoTime() - start);
    }
  }

  long fits() {
    return fits.get();
  }

  double seconds() {
    return nanos.get() / 1e9;
  }
}
