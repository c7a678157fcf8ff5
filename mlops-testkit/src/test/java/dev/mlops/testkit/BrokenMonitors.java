package dev.mlops.testkit;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Call;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.SegmentEvidence;
import dev.mlops.api.monitor.Segmentation;
import dev.mlops.api.monitor.SegmentationEvidence;
import dev.mlops.api.monitor.TruthState;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Baseline;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Monitors that break one clause each. */
final class BrokenMonitors {
  private BrokenMonitors() {}

  /** Makes a monitor as the contract wants it. */
  interface Factory {
    MetricsMonitor open(MonitorSetup setup);
  }

  static MetricsMonitor healthy(MonitorSetup setup) {
    InMemoryMonitor.Config config = InMemoryMonitor.config()
        .on(setup.clock())
        .keeping(setup.bound())
        .watching(setup.readers().toArray(EvidenceReader[]::new));
    if (setup.horizon().isPresent()) {
      config = config.truthWithin(setup.horizon().get());
    }
    return new WatchingMonitor(config.open("fraud"), setup.readers());
  }

  private static Broken<Factory> broken(
      String clause, String how, UnaryOperator<MetricsMonitor> around) {
    return new Broken<>(clause, how, setup -> around.apply(healthy(setup)));
  }

  private static Broken<Factory> recording(
      String clause, String how, UnaryOperator<Recorder> around) {
    return broken(clause, how, healthy -> new ForwardingMonitor(healthy) {
      @Override
      public Recorder recorder(String version, Baseline baseline) {
        return around.apply(monitor.recorder(version, baseline));
      }
    });
  }

  private static Broken<Factory> telling(
      String clause, String how, UnaryOperator<Evidence> changed) {
    return broken(clause, how, healthy -> new ForwardingMonitor(healthy) {
      @Override
      public Evidence evidence() {
        return changed.apply(monitor.evidence());
      }
    });
  }

  private static UnaryOperator<Evidence> section(
      Function<VersionEvidence, VersionEvidence> change) {
    return evidence -> ForwardingMonitor.copy(evidence, change::apply).build();
  }

  private static UnaryOperator<Evidence> quality(UnaryOperator<Map<Metric, Estimate>> change) {
    return section(section -> {
      VersionEvidence.Builder copy = ForwardingMonitor.withoutQuality(section);
      change.apply(section.quality()).forEach(copy::quality);
      return copy.build();
    });
  }

  private static Map<Metric, Estimate> swapped(
      Map<Metric, Estimate> quality, Metric one, Metric other) {
    Map<Metric, Estimate> changed = new TreeMap<>();
    quality.forEach((metric, estimate) ->
        changed.put(metric == one ? other : metric == other ? one : metric, estimate));
    return changed;
  }

  private static Truth withoutName(Truth truth) {
    return truth != null && truth.value().isPresent()
        ? Truth.of(truth.value().getAsDouble())
        : truth;
  }

  /** The same section with some of its segments, changed. */
  private static VersionEvidence divided(
      VersionEvidence section,
      Predicate<SegmentEvidence> kept,
      UnaryOperator<SegmentEvidence> change) {
    VersionEvidence.Builder copy = section.toBuilder();
    section.segmentations().forEach((name, division) -> {
      SegmentationEvidence.Builder changed =
          SegmentationEvidence.builder(name).unassigned(division.unassigned());
      division.segments().stream().filter(kept).map(change).forEach(changed::segment);
      copy.segmentation(changed.build());
    });
    return copy.build();
  }

  static List<Broken<Factory>> all() {
    AtomicLong uncounted = new AtomicLong(-1_000);
    return List.of(
        recording(
            "countsEverything",
            "it does not count a classification that is not finite",
            healthy -> new ForwardingMonitor.ForwardingRecorder(healthy) {
              @Override
              public long record(Row row, Prediction prediction, long nanos) {
                return prediction instanceof Classification said && !said.isFinite()
                    ? uncounted.decrementAndGet()
                    : recorder.record(row, prediction, nanos);
              }
            }),
        recording(
            "countsEverything",
            "it counts a failure as a prediction",
            healthy -> new ForwardingMonitor.ForwardingRecorder(healthy) {
              @Override
              public void failure(long nanos, @Nullable Throwable cause) {
                recorder.record(
                    Row.of(WindowShare.SCHEMA, 0, ""), Classification.of("failed"), nanos);
              }
            }),
        recording(
            "recordingNeverThrows",
            "it throws what a row throws when it is read",
            healthy -> new ForwardingMonitor.ForwardingRecorder(healthy) {
              @Override
              public long record(Row row, Prediction prediction, long nanos) {
                row.isMissing(0);
                return recorder.record(row, prediction, nanos);
              }
            }),
        new Broken<>(
            "joinsById",
            "it forgets after an hour what has no truth and no key",
            setup -> new Forgetful(setup, false)),
        broken("joinsById", "it joins a prediction with a key by its key alone", KeysOnly::new),
        telling(
            "joinsById",
            "it takes precision for recall",
            quality(all -> swapped(all, Metric.PRECISION, Metric.RECALL))),
        telling(
            "joinsById",
            "it takes the mean absolute error for the root of the mean squared one",
            quality(all -> swapped(all, Metric.MAE, Metric.RMSE))),
        new Broken<>(
            "joinsByKey",
            "it forgets after an hour what has no truth and a key",
            setup -> new Forgetful(setup, true)),
        recording(
            "carriesTheCall",
            "it keeps the key and the time it took alone",
            healthy -> new ForwardingMonitor.ForwardingRecorder(healthy) {
              @Override
              public long record(Row row, Prediction prediction, Call call) {
                return call == null
                    ? recorder.record(row, prediction, call)
                    : recorder.record(call.key().orElse(null), row, prediction, call.nanos());
              }
            }),
        recording(
            "timesParts",
            "it adds the parts of a prediction up and forgets them",
            healthy -> new ForwardingMonitor.ForwardingRecorder(healthy) {
              @Override
              public long record(
                  @Nullable String key,
                  Row row,
                  Prediction prediction,
                  long waiting,
                  long binding,
                  long model) {
                return recorder.record(key, row, prediction, waiting + binding + model);
              }
            }),
        recording(
            "timesParts",
            "it takes the time of a prediction that nobody told apart for the model's",
            healthy -> new ForwardingMonitor.ForwardingRecorder(healthy) {
              @Override
              public long record(Row row, Prediction prediction, long nanos) {
                return recorder.record(null, row, prediction, 0, 0, nanos);
              }
            }),
        recording(
            "countsInFlight",
            "it does not hear of failures",
            healthy -> new ForwardingMonitor.ForwardingRecorder(healthy) {
              @Override
              public void failure(long nanos, @Nullable Throwable cause) {
                recorder.failure(nanos, cause);
                recorder.started();
              }
            }),
        telling(
            "countsInFlight",
            "it takes what nobody announced for nothing in flight",
            section(section -> section
                .responseTimes()
                .filter(times -> times.inFlight().isEmpty())
                .map(times -> section.toBuilder()
                    .responseTimes(times.toBuilder().inFlight(0).build())
                    .build())
                .orElse(section))),
        broken(
            "newestUnderAKey",
            "it gives a truth to the oldest prediction under its key",
            OldestUnderAKey::new),
        broken(
            "newestUnderAKey",
            "it looks for the prediction of a truth only at the tick",
            LateLookup::new),
        broken(
            "idsAreNeverReused",
            "its ids begin at 1 each time",
            healthy -> new IdsFrom(healthy, 1)),
        new Broken<>(
            "idsAreNeverReused",
            "its ids begin with the time of its opening",
            setup -> new IdsFrom(healthy(setup), setup.clock().instant().toEpochMilli() << 20)),
        telling(
            "orphans",
            "it does not count them",
            evidence -> counts(
                evidence, 0, evidence.duplicates(), evidence.corrections(), evidence.lostTruths())),
        telling(
            "conflicts",
            "it counts them as orphans",
            evidence -> counted(
                evidence,
                TruthState.ORPHAN,
                evidence.orphans() + evidence.truths(TruthState.CONFLICT),
                TruthState.CONFLICT)),
        telling(
            "matures",
            "it counts late truths as orphans",
            evidence -> counted(
                evidence,
                TruthState.ORPHAN,
                evidence.orphans() + evidence.truths(TruthState.LATE),
                TruthState.LATE)),
        broken(
            "causedTruths",
            "it takes them as any other truth",
            healthy -> new ForwardingMonitor(healthy) {
              @Override
              public void truth(long id, Truth truth) {
                monitor.truth(id, unmarked(truth));
              }

              @Override
              public void truth(String key, Truth truth) {
                monitor.truth(key, unmarked(truth));
              }
            }),
        telling(
            "accountsForPredictions",
            "it counts a correction as one that joined as well",
            evidence -> counted(
                evidence,
                TruthState.JOINED,
                evidence.truths(TruthState.JOINED) + evidence.corrections())),
        broken(
            "conflicts",
            "it takes a quantity for a label",
            healthy -> new ForwardingMonitor(healthy) {
              @Override
              public void truth(long id, Truth truth) {
                monitor.truth(id, Truth.of(-4_711.5).equals(truth) ? Truth.of("yes") : truth);
              }
            }),
        broken(
            "conflicts",
            "it takes a quantity for that of another output",
            healthy -> new ForwardingMonitor(healthy) {
              @Override
              public void truth(long id, Truth truth) {
                monitor.truth(id, withoutName(truth));
              }
            }),
        broken(
            "namesTheOutput",
            "its outcomes have quantities as they were given",
            healthy -> new Changed(
                healthy,
                (monitor, outcome) -> ForwardingMonitor.copy(
                        outcome, outcome.position(), outcome.id(), outcome.version())
                    .truth(withoutName(outcome.truth()))
                    .build())),
        telling(
            "duplicates",
            "it counts them as corrections",
            evidence -> counts(
                evidence,
                evidence.orphans(),
                0,
                evidence.corrections() + evidence.duplicates(),
                evidence.lostTruths())),
        broken("corrections", "it keeps the first truth of a prediction", FirstTruth::new),
        telling(
            "corrections",
            "it feeds its detectors again",
            evidence -> ForwardingMonitor.copy(
                    evidence, section -> fedAgain(section, evidence.corrections()))
                .build()),
        broken(
            "orderDoesNotMatter",
            "between two ticks it joins truths only in the order of their predictions",
            InOrderOnly::new),
        new Broken<>(
            "matures",
            "it takes a truth as mature when it arrives, whatever the horizon",
            setup -> healthy(
                new MonitorSetup(setup.clock(), Optional.empty(), setup.bound(), setup.readers()))),
        broken("matures", "it says a horizon that it has not", OtherHorizon::new),
        telling(
            "creditsTheVersion",
            "it credits every truth to the champion",
            BrokenMonitors::toTheChampion),
        broken(
            "recorderOnlyAsks",
            "whose recorder was taken last is its champion",
            healthy -> new ForwardingMonitor(healthy) {
              @Override
              public Recorder recorder(String version, Baseline baseline) {
                Recorder taken = monitor.recorder(version, baseline);
                monitor.champion(version);
                return taken;
              }
            }),
        broken(
            "recorderOnlyAsks",
            "a recorder that is taken again restarts its detectors",
            healthy -> new ForwardingMonitor(healthy) {
              private final Set<String> taken = ConcurrentHashMap.newKeySet();

              @Override
              public Recorder recorder(String version, Baseline baseline) {
                if (!taken.add(version)) {
                  monitor.clearSignals("taken again");
                }
                return monitor.recorder(version, baseline);
              }
            }),
        telling("championSection", "its champion stays the first version", evidence -> {
          if (evidence.champion().isEmpty() || evidence.others().isEmpty()) {
            return evidence;
          }
          List<VersionEvidence> all = new ArrayList<>(evidence.others());
          all.add(evidence.champion().orElseThrow());
          all.sort(Comparator.comparing(VersionEvidence::version));
          VersionEvidence.Builder first = ForwardingMonitor.copy(all.get(0));
          evidence.champion().orElseThrow().drift().forEach(first::drift);
          Evidence.Builder changed = Evidence.builder(evidence.model(), evidence.at())
              .position(evidence.position())
              .champion(first.build());
          all.subList(1, all.size()).forEach(changed::other);
          return changed.build();
        }),
        broken(
            "championSection",
            "it takes an unknown version without a word",
            healthy -> new ForwardingMonitor(healthy) {
              @Override
              public void champion(String version) {
                try {
                  monitor.champion(version);
                } catch (IllegalArgumentException refused) {
                  // Without a word.
                }
              }
            }),
        broken(
            "watchesGoOn",
            "each change of the champion restarts its detectors",
            healthy -> new ForwardingMonitor(healthy) {
              private String champion = "";

              @Override
              public synchronized void champion(String version) {
                monitor.champion(version);
                if (!version.equals(champion)) {
                  monitor.clearSignals("another champion");
                }
                champion = version;
              }
            }),
        telling(
            "segments",
            "it does not count the rows of which the value is missing",
            section(section -> divided(
                section, each -> !each.value().equals(Segmentation.MISSING), each -> each))),
        telling(
            "segments",
            "it gives every segment the quality of all rows",
            section(section -> divided(section, each -> true, each -> {
              SegmentEvidence.Builder copy =
                  SegmentEvidence.builder(each.value()).counts(each.recorded(), each.matured());
              section.quality().forEach(copy::quality);
              return copy.build();
            }))),
        broken(
            "evidenceIsASnapshot",
            "its evidence takes quality before a tick and counts after it",
            healthy -> new ForwardingMonitor(healthy) {
              @Override
              public Evidence evidence() {
                Evidence before = monitor.evidence();
                monitor.tick();
                Map<String, VersionEvidence> old = new ConcurrentHashMap<>();
                before.champion().ifPresent(section -> old.put(section.version(), section));
                before.others().forEach(section -> old.put(section.version(), section));
                return section(section -> {
                      VersionEvidence.Builder copy = withoutQuality(section);
                      Optional.ofNullable(old.get(section.version()))
                          .ifPresent(was -> was.quality().forEach(copy::quality));
                      return copy.build();
                    })
                    .apply(monitor.evidence());
              }
            }),
        telling(
            "nothingKnownIsNothingSaid",
            "it says an accuracy of zero",
            quality(
                known -> known.isEmpty() ? Map.of(Metric.ACCURACY, Estimate.share(0, 1)) : known)),
        broken(
            "outcomesInOrder",
            "its outcomes name the version that serves, not the one that predicted",
            healthy -> new Changed(
                healthy,
                (monitor, outcome) -> ForwardingMonitor.copy(
                        outcome,
                        outcome.position(),
                        outcome.id(),
                        monitor.evidence().champion().orElseThrow().version())
                    .build())),
        broken("outcomesInOrder", "its outcomes hold the host's own row", HostsRows::new),
        broken(
            "positionsAreTheLedgers", "its positions begin at 0 each time", PositionsFromZero::new),
        new Broken<>(
            "bounded",
            "it keeps ten times what it was told",
            setup -> healthy(new MonitorSetup(
                setup.clock(), setup.horizon(), 10 * setup.bound(), setup.readers()))),
        telling(
            "bounded",
            "it does not count the truths that it lost",
            evidence -> counts(
                evidence, evidence.orphans(), evidence.duplicates(), evidence.corrections(), 0)),
        broken("closed", "it goes on recording", healthy -> new ForwardingMonitor(healthy) {
          @Override
          public void close() {
            // Goes on.
          }
        }),
        broken("clearsSignals", "it ignores the answer", healthy -> new ForwardingMonitor(healthy) {
          @Override
          public void clearSignals(String because) {
            // Ignored.
          }
        }),
        recording(
            "threads",
            "it records only what its owner's thread predicts",
            healthy -> new ForwardingMonitor.ForwardingRecorder(healthy) {
              private final Thread owner = Thread.currentThread();

              @Override
              public long record(String key, Row row, Prediction prediction, long nanos) {
                return Thread.currentThread() == owner
                    ? recorder.record(key, row, prediction, nanos)
                    : uncounted.decrementAndGet();
              }
            }));
  }

  private static Truth unmarked(Truth truth) {
    return truth != null && truth.caused() ? Truth.of(truth.label().orElseThrow()) : truth;
  }

  /** The same evidence with another count of one state, and none of others. */
  private static Evidence counted(
      Evidence evidence, TruthState state, long count, TruthState... none) {
    Evidence.Builder copy =
        ForwardingMonitor.copy(evidence, section -> section).truths(state, count);
    for (TruthState each : none) {
      copy.truths(each, 0);
    }
    return copy.build();
  }

  private static Evidence counts(
      Evidence evidence, long orphans, long duplicates, long corrections, long lost) {
    return ForwardingMonitor.copy(evidence, section -> section)
        .unjoinedTruths(orphans, duplicates, corrections, lost)
        .build();
  }

  private static VersionEvidence fedAgain(VersionEvidence section, long times) {
    VersionEvidence.Builder copy = ForwardingMonitor.copy(section);
    section.drift().forEach((watch, reading) -> {
      DriftReading.Builder again = DriftReading.builder(reading.level())
          .inputs(reading.inputs() + times)
          .note(reading.note());
      reading.signal().ifPresent(again::signal);
      reading.changePosition().ifPresent(again::changePosition);
      copy.drift(watch, again.build());
    });
    return copy.build();
  }

  private static Evidence toTheChampion(Evidence evidence) {
    if (evidence.champion().isEmpty() || evidence.others().isEmpty()) {
      return evidence;
    }
    Evidence.Builder changed = Evidence.builder(evidence.model(), evidence.at())
        .position(evidence.position())
        .truths(evidence.truths());
    long moved = 0;
    for (VersionEvidence other : evidence.others()) {
      moved += other.matured();
      changed.other(ForwardingMonitor.withoutQuality(other)
          .truths(0, other.expired(), other.open())
          .build());
    }
    VersionEvidence champion = evidence.champion().orElseThrow();
    return changed
        .champion(ForwardingMonitor.copy(champion)
            .truths(champion.matured() + moved, champion.expired(), champion.open())
            .build())
        .build();
  }

  /** Forgets after an hour what has no truth yet. */
  private static final class Forgetful extends ForwardingMonitor {
    private final ManualClock clock;
    private final boolean keyed;
    private final Map<Object, Instant> waiting = new ConcurrentHashMap<>();
    private final Set<Object> forgotten = ConcurrentHashMap.newKeySet();

    Forgetful(MonitorSetup setup, boolean keyed) {
      super(healthy(setup));
      this.clock = setup.clock();
      this.keyed = keyed;
    }

    @Override
    public Recorder recorder(String version, Baseline baseline) {
      return new ForwardingRecorder(monitor.recorder(version, baseline)) {
        @Override
        public long record(Row row, Prediction prediction, long nanos) {
          long id = recorder.record(row, prediction, nanos);
          if (!keyed) {
            waiting.put(id, clock.instant());
          }
          return id;
        }

        @Override
        public long record(String key, Row row, Prediction prediction, long nanos) {
          if (keyed && key != null) {
            waiting.put(key, clock.instant());
          }
          return recorder.record(key, row, prediction, nanos);
        }
      };
    }

    @Override
    public void truth(long id, Truth truth) {
      waiting.remove(id);
      if (!forgotten.contains(id)) {
        monitor.truth(id, truth);
      }
    }

    @Override
    public void truth(String key, Truth truth) {
      if (key != null) {
        waiting.remove(key);
        if (!forgotten.contains(key)) {
          monitor.truth(key, truth);
        }
      }
    }

    @Override
    public void tick() {
      waiting.forEach((which, since) -> {
        if (Duration.between(since, clock.instant()).compareTo(Duration.ofHours(1)) >= 0) {
          forgotten.add(which);
        }
      });
      monitor.tick();
    }
  }

  /** Does not join by id what was recorded with a key. */
  private static final class KeysOnly extends ForwardingMonitor {
    private final Set<Long> keyed = ConcurrentHashMap.newKeySet();

    KeysOnly(MetricsMonitor healthy) {
      super(healthy);
    }

    @Override
    public Recorder recorder(String version, Baseline baseline) {
      return new ForwardingRecorder(monitor.recorder(version, baseline)) {
        @Override
        public long record(String key, Row row, Prediction prediction, long nanos) {
          long id = recorder.record(key, row, prediction, nanos);
          keyed.add(id);
          return id;
        }
      };
    }

    @Override
    public void truth(long id, Truth truth) {
      if (!keyed.contains(id)) {
        monitor.truth(id, truth);
      }
    }
  }

  private static final class OtherHorizon extends ForwardingMonitor {
    OtherHorizon(MetricsMonitor healthy) {
      super(healthy);
    }

    @Override
    public Optional<Duration> horizon() {
      return Optional.of(Duration.ofMinutes(1));
    }
  }

  private static final class OldestUnderAKey extends ForwardingMonitor {
    private final Map<String, Long> oldest = new ConcurrentHashMap<>();

    OldestUnderAKey(MetricsMonitor healthy) {
      super(healthy);
    }

    @Override
    public Recorder recorder(String version, Baseline baseline) {
      return new ForwardingRecorder(monitor.recorder(version, baseline)) {
        @Override
        public long record(String key, Row row, Prediction prediction, long nanos) {
          long id = recorder.record(key, row, prediction, nanos);
          if (key != null) {
            oldest.putIfAbsent(key, id);
          }
          return id;
        }

        @Override
        public long record(Row row, Prediction prediction, Call call) {
          long id = recorder.record(row, prediction, call);
          if (call != null) {
            call.key().ifPresent(key -> oldest.putIfAbsent(key, id));
          }
          return id;
        }
      };
    }

    @Override
    public void truth(String key, Truth truth) {
      if (key != null) {
        monitor.truth(oldest.getOrDefault(key, -1L), truth);
      }
    }
  }

  private static final class LateLookup extends ForwardingMonitor {
    private final ConcurrentLinkedQueue<Runnable> late = new ConcurrentLinkedQueue<>();

    LateLookup(MetricsMonitor healthy) {
      super(healthy);
    }

    @Override
    public void truth(String key, Truth truth) {
      late.add(() -> monitor.truth(key, truth));
    }

    @Override
    public void tick() {
      for (Runnable next = late.poll(); next != null; next = late.poll()) {
        next.run();
      }
      monitor.tick();
    }
  }

  private static final class FirstTruth extends ForwardingMonitor {
    private final Map<Object, Truth> first = new ConcurrentHashMap<>();

    FirstTruth(MetricsMonitor healthy) {
      super(healthy);
    }

    private boolean isAnother(Object id, Truth truth) {
      if (id == null || truth == null) {
        return false;
      }
      Truth before = first.putIfAbsent(id, truth);
      return before != null && !before.equals(truth);
    }

    @Override
    public void truth(long id, Truth truth) {
      if (!isAnother(id, truth)) {
        monitor.truth(id, truth);
      }
    }

    @Override
    public void truth(String key, Truth truth) {
      if (!isAnother(key, truth)) {
        monitor.truth(key, truth);
      }
    }
  }

  private static final class InOrderOnly extends ForwardingMonitor {
    private long newest;

    InOrderOnly(MetricsMonitor healthy) {
      super(healthy);
    }

    @Override
    public synchronized void truth(long id, Truth truth) {
      monitor.truth(id < newest ? -1 : id, truth);
      newest = Math.max(newest, id == Long.MAX_VALUE ? 0 : id);
    }

    @Override
    public synchronized void tick() {
      newest = 0;
      monitor.tick();
    }
  }

  /** Gives small ids in the place of those of a healthy monitor. */
  private static final class IdsFrom extends ForwardingMonitor {
    private final AtomicLong next;
    private final Map<Long, Long> real = new ConcurrentHashMap<>();

    IdsFrom(MetricsMonitor healthy, long first) {
      super(healthy);
      this.next = new AtomicLong(first);
    }

    private long known(long id) {
      long mine = next.getAndIncrement();
      real.put(mine, id);
      return mine;
    }

    @Override
    public Recorder recorder(String version, Baseline baseline) {
      return new ForwardingRecorder(monitor.recorder(version, baseline)) {
        @Override
        public long record(Row row, Prediction prediction, long nanos) {
          return known(recorder.record(row, prediction, nanos));
        }

        @Override
        public long record(Row row, Prediction prediction, Call call) {
          return known(recorder.record(row, prediction, call));
        }

        @Override
        public long record(String key, Row row, Prediction prediction, long nanos) {
          return known(recorder.record(key, row, prediction, nanos));
        }
      };
    }

    @Override
    public void truth(long id, Truth truth) {
      monitor.truth(real.getOrDefault(id, -1L), truth);
    }

    @Override
    public Outcomes outcomes() {
      Map<Long, Long> mine = new HashMap<>();
      real.forEach((small, large) -> mine.put(large, small));
      return new ChangedOutcomes(
          monitor.outcomes(),
          0,
          outcome -> copy(
                  outcome,
                  outcome.position(),
                  mine.getOrDefault(outcome.id(), -1L),
                  outcome.version())
              .build());
    }
  }

  /** Counts positions from 0 in each life. */
  private static final class PositionsFromZero extends ForwardingMonitor {
    private final long first;

    PositionsFromZero(MetricsMonitor healthy) {
      super(healthy);
      this.first = healthy.evidence().position();
    }

    @Override
    public Outcomes outcomes() {
      return new ChangedOutcomes(
          monitor.outcomes(),
          first,
          outcome -> copy(outcome, outcome.position() - first, outcome.id(), outcome.version())
              .build());
    }

    @Override
    public Evidence evidence() {
      Evidence evidence = monitor.evidence();
      return copy(evidence, section -> section)
          .position(evidence.position() - first)
          .build();
    }
  }

  /** Outcomes that are changed when they are read, at positions that are less by an offset. */
  private record ChangedOutcomes(Outcomes outcomes, long less, UnaryOperator<Outcome> change)
      implements Outcomes {
    @Override
    public long capacity() {
      return outcomes.capacity();
    }

    @Override
    public long begin() {
      return outcomes.begin() - less;
    }

    @Override
    public long end() {
      return outcomes.end() - less;
    }

    @Override
    public long open() {
      return outcomes.open();
    }

    @Override
    public void visit(long from, long to, Consumer<? super Outcome> visitor) {
      if (from < 0) {
        throw new IllegalArgumentException("from " + from);
      }
      outcomes.visit(from + less, to + less, outcome -> visitor.accept(change.apply(outcome)));
    }
  }

  private interface Change {
    Outcome of(MetricsMonitor monitor, Outcome outcome);
  }

  /** Outcomes that are changed when they are read. */
  private static class Changed extends ForwardingMonitor {
    private final Change change;

    Changed(MetricsMonitor healthy, Change change) {
      super(healthy);
      this.change = change;
    }

    @Override
    public Outcomes outcomes() {
      return new ChangedOutcomes(monitor.outcomes(), 0, outcome -> change.of(monitor, outcome));
    }
  }

  private static final class HostsRows extends Changed {
    private final Map<Long, Row> rows;

    HostsRows(MetricsMonitor healthy) {
      this(healthy, new ConcurrentSkipListMap<>());
    }

    private HostsRows(MetricsMonitor healthy, Map<Long, Row> rows) {
      super(
          healthy,
          (monitor, outcome) -> copy(outcome, outcome.position(), outcome.id(), outcome.version())
              .row(rows.getOrDefault(outcome.id(), outcome.row()))
              .build());
      this.rows = rows;
    }

    @Override
    public Recorder recorder(String version, Baseline baseline) {
      return new ForwardingRecorder(monitor.recorder(version, baseline)) {
        @Override
        public long record(Row row, Prediction prediction, long nanos) {
          long id = recorder.record(row, prediction, nanos);
          if (row != null) {
            rows.put(id, row);
          }
          return id;
        }
      };
    }
  }
}
