package dev.mlops.examples;

import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.incident.Incident;
import dev.mlops.core.incident.IncidentLog;
import dev.mlops.core.monitor.ColumnPolicy;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The incidents of a run: predictions that turned out wrong though the model was sure. */
final class RunIncidents implements AutoCloseable {
  private static final int EVERY = 100;
  private static final int SHOWN = 3;

  private final IncidentLog log;

  private RunIncidents(IncidentLog log) {
    this.log = log;
  }

  static RunIncidents open(VersionStore store, Path file, InstantSource clock) {
    return new RunIncidents(IncidentLog.config(store, "lifecycle")
        .unusual(0.1)
        .confident(0.95)
        .otherColumns(ColumnPolicy.keep()) // the rows of a stream that is public
        .clock(clock)
        .open(file));
  }

  /** Looks at what has matured, now and then: a write is forced to the device. */
  void look(Outcomes outcomes, int row) {
    if (row % EVERY == 0) {
      log.look(outcomes);
    }
  }

  /** How many there are, and the worst three: the largest loss first, of equal ones the oldest. */
  List<String> end(Outcomes outcomes) {
    log.look(outcomes);
    List<Incident> worst = log.newest().stream()
        .sorted(Comparator.comparingDouble((Incident one) -> -one.loss().orElse(0))
            .thenComparing(Incident::number))
        .limit(SHOWN)
        .toList();
    List<String> lines = new ArrayList<>();
    lines.add(
        log.status().found() + " incidents" + (worst.isEmpty() ? "" : ", the worst of them:"));
    worst.forEach(incident -> lines.add("  " + incident));
    return lines;
  }

  @Override
  public void close() {
    log.close();
  }
}
