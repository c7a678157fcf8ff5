package dev.mlops.core.monitor;

import dev.mlops.core.internal.log.Warnings;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Meters in a host's registry that come and go together. What the registry throws is logged once per cause and goes no
 * further.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class Registered {
  private final MeterRegistry registry;
  private final Warnings warnings;
  private final String model;
  private boolean anothers;
  /** How often each meter of the monitor was registered by it: filters of the registry may make two meters one. */
  private final Map<Meter, Integer> uses;

  private final List<Meter> meters = new ArrayList<>();

  /** Which monitor made a meter, by {@link #uses}; held weakly, so that it keeps neither registry nor monitor. */
  private static final Map<MeterRegistry, Map<Meter, WeakReference<Map<Meter, Integer>>>> OWNERS =
      new WeakHashMap<>();

  Registered(MeterRegistry registry, Warnings warnings, String model) {
    this(registry, warnings, model, new HashMap<>());
  }

  private Registered(
      MeterRegistry registry, Warnings warnings, String model, Map<Meter, Integer> uses) {
    this.registry = registry;
    this.warnings = warnings;
    this.model = model;
    this.uses = uses;
  }

  /** Another group of the same model. */
  Registered another() {
    return new Registered(registry, warnings, model, uses);
  }

  /** Says so if the meters that were registered by now are another monitor's. */
  void warnOfAnother() {
    if (meters.isEmpty() && anothers) {
      warnings.once(
          "another " + model,
          "the meter registry has the meters of another monitor of " + Warnings.shown(model)
              + " and goes on showing those; give each a registry or a model name of its own, or"
              + " close the other one before this one is opened",
          null);
    }
  }

  /** A timer with a bucket for each limit, where the registry has histograms. */
  @Nullable
  Timer timer(Meters meter, Duration[] limits, String... values) {
    return add(meter, values, host -> {
      Timer.Builder timer =
          Timer.builder(meter.id()).description(meter.description()).tags(tags(meter, values));
      return (limits.length == 0 ? timer : timer.serviceLevelObjectives(limits)).register(host);
    });
  }

  void record(@Nullable Timer timer, long nanos) {
    if (timer == null) {
      return;
    }
    try {
      timer.record(Math.max(0, nanos), TimeUnit.NANOSECONDS);
    } catch (Throwable thrown) {
      warn(thrown);
    }
  }

  /** Counts what an object that the caller keeps has counted. */
  void counter(Meters meter, Number counted, String... values) {
    add(
        meter,
        values,
        host -> FunctionCounter.builder(meter.id(), counted, Number::doubleValue)
            .description(meter.description())
            .tags(tags(meter, values))
            .register(host));
  }

  @Nullable
  Meter gauge(Meters meter, DoubleSupplier value, String... values) {
    return add(
        meter,
        values,
        // Held weakly, a gauge reads NaN once nothing else holds its state.
        host -> Gauge.builder(meter.id(), value, DoubleSupplier::getAsDouble)
            .description(meter.description())
            .baseUnit(meter.unit().isEmpty() ? null : meter.unit())
            .tags(tags(meter, values))
            .strongReference(true)
            .register(host));
  }

  /**
   * Registers a meter; one that is there already is another monitor's or the host's, which alone removes it. Filters of the
   * registry may give it another name than it is found by, so what the registry returns tells whose it is, not its name.
   */
  private <M extends Meter> @Nullable M add(
      Meters meter, String[] values, Function<MeterRegistry, M> register) {
    try {
      boolean hosts = registry.find(meter.id()).tags(tags(meter, values)).meter() != null;
      M registered = register.apply(registry);
      if (isMine(registered, hosts)) {
        meters.add(registered);
        uses.merge(registered, 1, Integer::sum);
      } else {
        anothers = true;
      }
      return registered;
    } catch (Throwable thrown) {
      warn(thrown);
      return null;
    }
  }

  @SuppressWarnings("ReferenceEquality") // the very monitor
  private boolean isMine(Meter registered, boolean hosts) {
    synchronized (OWNERS) {
      WeakReference<Map<Meter, Integer>> owner = owners().get(registered);
      Map<Meter, Integer> known = owner == null ? null : owner.get();
      if (known == null && !hosts) {
        owners().put(registered, new WeakReference<>(uses));
        return true;
      }
      return known == uses;
    }
  }

  private Map<Meter, WeakReference<Map<Meter, Integer>>> owners() {
    return OWNERS.computeIfAbsent(registry, unseen -> new WeakHashMap<>());
  }

  void remove(@Nullable Meter meter) {
    if (meter == null) {
      return;
    }
    if (!meters.remove(meter)) {
      return; // another monitor's
    }
    if (uses.merge(meter, -1, Integer::sum) > 0) {
      return; // another version of this monitor shows it too
    }
    uses.remove(meter);
    try {
      registry.remove(meter);
      synchronized (OWNERS) {
        owners().remove(meter);
      }
    } catch (Throwable thrown) {
      warn(thrown);
    }
  }

  void removeAll() {
    List.copyOf(meters).forEach(this::remove);
  }

  private void warn(Throwable thrown) {
    warnings.once(
        "registry " + thrown.getClass().getName(),
        "the meter registry threw " + thrown.getClass().getName()
            + "; the monitor goes on without that meter",
        thrown);
  }

  private List<Tag> tags(Meters meter, String... values) {
    List<Tag> tags = new ArrayList<>();
    List<String> keys = meter.tagKeys();
    tags.add(Tag.of(keys.get(0), model));
    for (int i = 0; i < values.length; i++) {
      tags.add(Tag.of(keys.get(i + 1), values[i]));
    }
    return tags;
  }
}
