package dev.mlops.core.incident;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What a log held when it was opened. */
final class Replayed implements IncidentRecords.Reader {
  private final Map<Long, Incident> kept = new LinkedHashMap<>();
  private final Set<Long> positions = new HashSet<>();
  private final Set<Long> seen = new HashSet<>();
  private final int keeping;
  private long resume;
  private long last;
  private long all;

  /** Keeps this number of the newest. */
  Replayed(int keeping) {
    this.keeping = keeping;
  }

  @Override
  public void incident(Incident.Facts facts) {
    positions.add(facts.position());
    last = Math.max(last, facts.number());
    all++;
    kept.put(facts.number(), new Incident(facts, List.of()));
    if (kept.size() > keeping) {
      kept.remove(kept.keySet().iterator().next());
    }
  }

  @Override
  public void step(long number, Incident.Step step) {
    kept.computeIfPresent(number, (key, incident) -> incident.with(step));
    if (step.state() == Incident.State.OPEN) {
      seen.remove(number);
    } else {
      seen.add(number);
    }
  }

  @Override
  public void progress(long position) {
    resume = position;
    positions.removeIf(old -> old < position);
  }

  /** From where to look on. */
  long resume() {
    return resume;
  }

  /** The number of the newest. */
  long last() {
    return last;
  }

  /** Positions that have an incident, from the beginning of the window on. */
  Set<Long> positions() {
    return positions;
  }

  /** How many nobody has acknowledged. */
  long open() {
    return all - seen.size();
  }

  List<Incident> newest() {
    return List.copyOf(kept.values());
  }
}
