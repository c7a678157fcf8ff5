package dev.mlops.testkit;

import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.model.Classification;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.pack.Baseline;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** An in-memory monitor with detectors of its own over the champion's errors, for the clauses about detectors. */
final class WatchingMonitor extends ForwardingMonitor {
  private final Set<Watch> watches;
  private final Map<String, Baseline> baselines = new HashMap<>();
  /** One for each baseline that a champion had. */
  private final Map<Baseline, Watched> all = new HashMap<>();

  private Watched now = new Watched();
  private String champion = "";
  private long read;

  WatchingMonitor(MetricsMonitor monitor, List<EvidenceReader> readers) {
    super(monitor);
    watches =
        readers.stream().flatMap(reader -> reader.watches().stream()).collect(Collectors.toSet());
  }

  /** A detector with what it found. */
  private static final class Watched {
    private final WindowMean detector = new WindowMean(0.4);
    private @Nullable Signal signal;
    private long changed;
    private long inputs;

    DriftReading reading() {
      DriftReading.Builder reading =
          DriftReading.builder(signal != null ? Level.DRIFT : detector.level()).inputs(inputs);
      if (signal != null) {
        reading.signal(signal).changePosition(changed);
      }
      return reading.build();
    }
  }

  @Override
  public synchronized Recorder recorder(String version, Baseline baseline) {
    baselines.putIfAbsent(version, baseline);
    return monitor.recorder(version, baseline);
  }

  @Override
  public synchronized void champion(String version) {
    monitor.champion(version);
    champion = version;
    Baseline baseline = Objects.requireNonNull(baselines.get(version), "baseline");
    now = all.computeIfAbsent(baseline, unseen -> new Watched());
  }

  @Override
  public synchronized void tick() {
    monitor.tick();
    for (Outcome outcome :
        monitor.outcomes().between(read, Math.max(read, monitor.outcomes().end()))) {
      if (outcome.version().equals(champion)
          && outcome.prediction() instanceof Classification said) {
        boolean wrong = !outcome.truth().matches(said);
        if (now.detector.update(wrong ? 1 : 0) == Level.DRIFT) {
          now.signal = now.detector.signal().orElseThrow();
          now.changed = outcome.position();
        }
        now.inputs++;
      }
      read = outcome.position() + 1;
    }
  }

  @Override
  public synchronized Evidence evidence() {
    return copy(monitor.evidence(), section -> {
          var copy = copy(section);
          if (section.version().equals(champion)) {
            watches.forEach(watch -> copy.drift(watch, now.reading()));
          }
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
    now.detector.reset();
    now.signal = null;
    now.inputs = 0;
  }
}
