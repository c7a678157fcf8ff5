package dev.mlops.core.serve;

import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Call;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Baseline;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A host's own monitor that counts and keeps no rows, of which a test changes a method. */
class ForeignMonitor implements MetricsMonitor {
  final Map<String, AtomicInteger> counts = new ConcurrentHashMap<>();
  final AtomicInteger failures = new AtomicInteger();
  final AtomicInteger closes = new AtomicInteger();
  final AtomicInteger ticks = new AtomicInteger();
  final List<Object> truths = Collections.synchronizedList(new ArrayList<>());
  private final AtomicLong ids = new AtomicLong();
  private volatile String champion = "";

  int recorded(String version) {
    return counts.getOrDefault(version, new AtomicInteger()).get();
  }

  @Override
  public Recorder recorder(String version, Baseline baseline) {
    return new Recorder() {
      @Override
      public long record(Row row, Prediction prediction, Call call) {
        counts.computeIfAbsent(version, name -> new AtomicInteger()).incrementAndGet();
        return ids.incrementAndGet();
      }

      @Override
      public void failure(long nanos, @Nullable Throwable cause) {
        failures.incrementAndGet();
      }
    };
  }

  @Override
  public void champion(String version) {
    champion = version;
  }

  @Override
  public void truth(long id, Truth truth) {
    truths.add(id);
  }

  @Override
  public void truth(String key, Truth truth) {
    truths.add(key);
  }

  @Override
  public void tick() {
    ticks.incrementAndGet();
  }

  @Override
  public Evidence evidence() {
    return Evidence.builder("fraud", Instant.EPOCH)
        .champion(
            VersionEvidence.builder(champion).served(recorded(champion), 0).build())
        .build();
  }

  @Override
  public void clearSignals(String because) {}

  @Override
  public void close() {
    closes.incrementAndGet();
  }
}
