package dev.mlops.testkit;

import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.model.Classification;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Watch;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** An in-memory monitor with a detector of its own over the errors of all outcomes, for the clauses about detectors. */
final class WatchingMonitor extends ForwardingMonitor {
  private final Set<Watch> watches;
  private final WindowMean detector = new WindowMean(0.4);
  private @Nullable Signal signal;
  private long changed;
  private long read;
  private long inputs;

  WatchingMonitor(MetricsMonitor monitor, List<EvidenceReader> readers) {
    super(monitor);
    watches =
        readers.stream().flatMap(reader -> reader.watches().stream()).collect(Collectors.toSet());
  }

  @Override
  public synchronized void tick() {
    monitor.tick();
    for (Outcome outcome :
        monitor.outcomes().between(read, Math.max(read, monitor.outcomes().end()))) {
      if (outcome.prediction() instanceof Classification said) {
        boolean wrong = !outcome.truth().matches(said);
        if (detector.update(wrong ? 1 : 0) == Level.DRIFT) {
          signal = detector.signal().orElseThrow();
          changed = outcome.position();
        }
        inputs++;
      }
      read = outcome.position() + 1;
    }
  }

  @Override
  public synchronized Evidence evidence() {
    Level level = signal != null ? Level.DRIFT : detector.level();
    DriftReading reading = new DriftReading(
        level,
        Optional.ofNullable(signal),
        inputs,
        signal == null ? OptionalLong.empty() : OptionalLong.of(changed),
        "");
    return copy(monitor.evidence(), section -> {
          var copy = copy(section);
          watches.forEach(watch -> copy.drift(watch, reading));
          return copy.build();
        })
        .build();
  }

  @Override
  public Optional<Set<Watch>> watches() {
    return Optional.of(watches);
  }

  @Override
  public synchronized void clearSignals(String because) {
    detector.reset();
    signal = null;
    inputs = 0;
  }
}
